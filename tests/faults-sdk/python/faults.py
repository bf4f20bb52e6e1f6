"""The unmodified OpenAI SDK for Python, driven through faults. Prints what it saw of each, in the order that was asked for."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from openai import OpenAI

base_url = os.environ["PLUMB_BASE_URL"]
jobs = json.loads(os.environ["PLUMB_JOBS"])


def gather(seen, part, finish):
    seen["content"] += part.content or ""
    for call in part.tool_calls or []:
        seen["arguments"] += call.function.arguments or ""
    seen["finish"] = finish or seen["finish"]


def ask(client, job, seen):
    completions = client.chat.completions
    if not job["stream"]:
        choice = completions.create(**job["body"]).choices[0]
        gather(seen, choice.message, choice.finish_reason)
        return
    for chunk in completions.create(**job["body"], stream=True):
        if chunk.choices:
            gather(seen, chunk.choices[0].delta, chunk.choices[0].finish_reason)


def run(job):
    seen = {"content": "", "arguments": "", "finish": None, "error": None}
    retries = {} if job["max_retries"] is None else {"max_retries": job["max_retries"]}
    started = time.monotonic()
    with OpenAI(
        base_url=base_url,
        api_key=job["api_key"],
        timeout=job["timeout_ms"] / 1000,
        default_headers={"x-plumb-fault": job["header"]},
        **retries,
    ) as client:
        try:
            ask(client, job, seen)
        except Exception as error:
            seen["error"] = type(error).__name__
    return {**seen, "tookMs": (time.monotonic() - started) * 1000}


with ThreadPoolExecutor(max_workers=int(os.environ["PLUMB_WORKERS"])) as pool:
    print(json.dumps(list(pool.map(run, jobs))))
