"""The unmodified LangChain for Python with its DeepSeek integration. Prints what was seen; the test checks it."""

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_deepseek import ChatDeepSeek
from pydantic import BaseModel
from typing import Literal

from servers import get_weather as weather_of
from servers import hello, patience, refusals, refusing, report, reports, tools


class Report(BaseModel):
    city: str
    weather: Literal["sunny", "rainy"]
    days: int


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return weather_of(city)


def connect(server, model="deepseek-chat", key=None, max_retries=0):
    return ChatDeepSeek(
        model=model, api_base=server["base_url"], api_key=key or server["key"], max_retries=max_retries
    )


def collect(chunks):
    whole = None
    for chunk in chunks:
        whole = chunk if whole is None else whole + chunk
    return whole


def describe(message):
    return {
        "content": message.content,
        "reasoning": message.additional_kwargs.get("reasoning_content"),
        "calls": [[call["name"], call["args"]] for call in message.tool_calls],
        "usage": message.usage_metadata,
    }


def tool_loop(model, stream):
    bound = connect(tools, model).bind_tools([get_weather])
    messages = [HumanMessage("The weather?")]
    call = collect(bound.stream(messages)) if stream else bound.invoke(messages)
    results = [get_weather.invoke(one) for one in call.tool_calls]
    return [describe(call), describe(bound.invoke([*messages, call, *results]))]


def structured(method):
    model = connect(reports).with_structured_output(Report, method=method)
    return model.invoke("Report the weather as json.").model_dump()


report(
    chat=describe(connect(hello).invoke("Hi")),
    stream=describe(collect(connect(hello).stream("Hi"))),
    reasoner=describe(connect(hello, "deepseek-reasoner").invoke("Hi")),
    streamed_reasoner=describe(collect(connect(hello, "deepseek-reasoner").stream("Hi"))),
    tool_loop=tool_loop("deepseek-chat", False),
    streamed_tool_loop=tool_loop("deepseek-chat", True),
    thinking_tool_loop=tool_loop("deepseek-reasoner", False),
    structured={method: structured(method) for method in ("function_calling", "json_mode", "json_schema")},
    refusals=refusals(lambda key, prompt, model: connect(refusing, model, key).invoke(prompt)),
    patience=patience(
        lambda prompt: connect(refusing, "deepseek-chat", refusing["patient_key"], 2).invoke(prompt).content
    ),
)
