"""The unmodified OpenAI SDK for Python against a server: base URL, key and model are the only changes.

Prints one JSON object with what was seen; the test that starts this script checks it.
"""

import asyncio
import json
import sys

from openai import AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError, OpenAI

base_url, api_key = sys.argv[1:3]
client = OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
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
    async with AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=0) as asynchronous_client:
        answers = await asyncio.gather(
            *(asynchronous_client.chat.completions.create(model="deepseek-chat", messages=messages) for _ in range(8))
        )
    return [answer.choices[0].message.content for answer in answers]


def models():
    return {"ids": [model.id for model in client.models.list()], "one": client.models.retrieve("deepseek-chat").id}


def error_of(call):
    try:
        call()
    except (AuthenticationError, BadRequestError, NotFoundError) as error:
        return {"class": type(error).__name__, "message": str(error)}
    return None


def errors():
    other = client.with_options(api_key="sk-wrong-key-0000")
    return {
        "wrong_key": error_of(lambda: other.chat.completions.create(model="deepseek-chat", messages=messages)),
        "wrong_model": error_of(lambda: client.chat.completions.create(model="gpt-4o", messages=messages)),
        "absent": error_of(lambda: client.embeddings.create(model="x", input="y")),
    }


print(
    json.dumps(
        {
            "chat": chat(),
            "stream": stream(),
            "reasoner": reasoner(),
            "streamed_reasoner": streamed_reasoner(),
            "thinking_in_extra_body": thinking_in_extra_body(),
            "asynchronous": asyncio.run(asynchronous()),
            "models": models(),
            "errors": errors(),
        }
    )
)
