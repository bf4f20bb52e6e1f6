"""The unmodified OpenAI SDK for Python: base URL, key and model are the only changes. Prints what was seen."""

import asyncio
import json
from typing import Literal

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from servers import WEATHER, error_of, get_weather, hello, patience, refusals, refusing, report, reports, tools


def connect(server, key=None, max_retries=0):
    return OpenAI(base_url=server["base_url"], api_key=key or server["key"], max_retries=max_retries)


client = connect(hello)
messages = [{"role": "user", "content": "Hi"}]


def chat():
    answer = client.chat.completions.create(model="deepseek-chat", messages=messages)
    return {
        "content": answer.choices[0].message.content,
        "finish_reason": answer.choices[0].finish_reason,
        "hit_and_miss": answer.usage.prompt_cache_hit_tokens + answer.usage.prompt_cache_miss_tokens,
        "prompt_tokens": answer.usage.prompt_tokens,
        "request_id": answer._request_id,
    }


def stream():
    text, usage = "", None
    options = {"include_usage": True}
    for chunk in client.chat.completions.create(
        model="deepseek-chat", messages=messages, stream=True, stream_options=options
    ):
        text += chunk.choices[0].delta.content or ""
        usage = chunk.usage or usage
    return {"content": text, "total_tokens": usage.total_tokens}


def reasoner():
    answer = client.chat.completions.create(model="deepseek-reasoner", messages=messages)
    return {"reasoning": answer.choices[0].message.reasoning_content, "content": answer.choices[0].message.content}


def streamed_reasoner():
    reasoning, content = "", ""
    for chunk in client.chat.completions.create(model="deepseek-reasoner", messages=messages, stream=True):
        reasoning += chunk.choices[0].delta.reasoning_content or ""
        content += chunk.choices[0].delta.content or ""
    return {"reasoning": reasoning, "content": content}


def thinking_in_extra_body():
    answer = client.chat.completions.create(
        model="deepseek-chat", messages=messages, extra_body={"thinking": {"type": "enabled"}, "user_id": "u-1"}
    )
    return {"reasoning": answer.choices[0].message.reasoning_content}


async def asynchronous():
    async with AsyncOpenAI(base_url=hello["base_url"], api_key=hello["key"], max_retries=0) as asynchronous_client:
        answers = await asyncio.gather(
            *(asynchronous_client.chat.completions.create(model="deepseek-chat", messages=messages) for _ in range(8))
        )
    return [answer.choices[0].message.content for answer in answers]


def models():
    return {"ids": [model.id for model in client.models.list()], "one": client.models.retrieve("deepseek-chat").id}


def tool_loop():
    conversation = [{"role": "user", "content": "The weather?"}]
    completions = connect(tools).chat.completions
    first = completions.create(model="deepseek-chat", messages=conversation, tools=[WEATHER]).choices[0].message
    conversation.append(first)
    for call in first.tool_calls:
        result = get_weather(**json.loads(call.function.arguments))
        conversation.append({"role": "tool", "tool_call_id": call.id, "content": result})
    answer = completions.create(model="deepseek-chat", messages=conversation, tools=[WEATHER])
    return [len(first.tool_calls), answer.choices[0].message.content]


def streamed_call():
    """Its helper for streams puts the pieces of a call together."""
    options = {"model": "deepseek-chat", "messages": messages, "tools": [WEATHER]}
    with connect(tools).chat.completions.stream(**options) as events:
        call = events.get_final_completion().choices[0].message.tool_calls[0].function
    return [call.name, json.loads(call.arguments)]


class Report(BaseModel):
    city: str
    weather: Literal["sunny", "rainy"]
    days: int


def parsed():
    completions = connect(reports).chat.completions
    options = {"model": "deepseek-chat", "messages": messages, "response_format": Report}
    with completions.stream(**options) as events:
        streamed = events.get_final_completion()
    return [answer.choices[0].message.parsed.model_dump() for answer in (completions.parse(**options), streamed)]


def ask(key, prompt, model="deepseek-chat", max_retries=0):
    question = [{"role": "user", "content": prompt}]
    completions = connect(refusing, key, max_retries).chat.completions
    return completions.create(model=model, messages=question).choices[0].message.content


report(
    chat=chat(),
    stream=stream(),
    reasoner=reasoner(),
    streamed_reasoner=streamed_reasoner(),
    thinking_in_extra_body=thinking_in_extra_body(),
    asynchronous=asyncio.run(asynchronous()),
    models=models(),
    tool_loop=tool_loop(),
    streamed_call=streamed_call(),
    parsed=parsed(),
    absent=error_of(lambda: client.fine_tuning.jobs.list()),
    refusals=refusals(ask),
    patience=patience(lambda prompt: ask(refusing["patient_key"], prompt, max_retries=2)),
)
