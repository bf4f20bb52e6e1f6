"""The unmodified LiteLLM with its provider `deepseek`. Prints what was seen; the test checks it."""

import json
import os

# Its table of prices comes with the package; by default it is fetched again at every start.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

from servers import REPORT_SCHEMA, WEATHER, get_weather, hello, patience, refusals, refusing, report, reports, tools

litellm.suppress_debug_info = True
HI = [{"role": "user", "content": "Hi"}]


def ask(server, messages=HI, model="deepseek-chat", key=None, **options):
    return litellm.completion(
        model=f"deepseek/{model}",
        api_base=server["base_url"],
        api_key=key or server["key"],
        messages=messages,
        **options,
    )


def describe(answer):
    message = answer.choices[0].message
    return {
        "content": message.content,
        "reasoning": getattr(message, "reasoning_content", None),
        "finish_reason": answer.choices[0].finish_reason,
        "calls": [[call.function.name, json.loads(call.function.arguments)] for call in message.tool_calls or []],
        "total_tokens": answer.usage.total_tokens,
    }


def stream(server, **options):
    chunks = list(ask(server, stream=True, stream_options={"include_usage": True}, **options))
    return describe(litellm.stream_chunk_builder(chunks))


def tool_loop(model):
    messages = [{"role": "user", "content": "The weather?"}]
    first = ask(tools, messages, model, tools=[WEATHER])
    messages.append(first.choices[0].message)
    for call in first.choices[0].message.tool_calls:
        result = get_weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return [describe(first), describe(ask(tools, messages, model, tools=[WEATHER]))]


def structured(response_format):
    messages = [{"role": "user", "content": "Report the weather as json."}]
    return json.loads(ask(reports, messages, response_format=response_format).choices[0].message.content)


def routed(prompt):
    """Its router waits as long as it is told; a plain completion with `num_retries` comes again at once."""
    parameters = {
        "model": "deepseek/deepseek-chat",
        "api_base": refusing["base_url"],
        "api_key": refusing["patient_key"],
    }
    router = litellm.Router([{"model_name": "plumb", "litellm_params": parameters}], num_retries=2)
    answer = router.completion("plumb", [{"role": "user", "content": prompt}])
    return answer.choices[0].message.content


report(
    chat=describe(ask(hello)),
    stream=stream(hello),
    reasoner=describe(ask(hello, model="deepseek-reasoner")),
    streamed_reasoner=stream(hello, model="deepseek-reasoner"),
    effort=describe(ask(hello, reasoning_effort="high")),
    tool_loop=tool_loop("deepseek-chat"),
    streamed_call=stream(tools, tools=[WEATHER]),
    thinking_tool_loop=tool_loop("deepseek-reasoner"),
    structured={
        "json_object": structured({"type": "json_object"}),
        "json_schema": structured(
            {"type": "json_schema", "json_schema": {"name": "report", "schema": REPORT_SCHEMA, "strict": True}}
        ),
    },
    refusals=refusals(
        lambda key, prompt, model: ask(refusing, [{"role": "user", "content": prompt}], model, key)
    ),
    patience=patience(routed),
)
