"""The unmodified instructor over the OpenAI SDK. Prints what was seen; the test checks it."""

from typing import Literal

import instructor
from openai import OpenAI
from pydantic import BaseModel, model_validator

from servers import hello, patience, refusals, refusing, report, reports


class Report(BaseModel):
    city: str
    weather: Literal["sunny", "rainy"]
    days: int


MESSAGES = [{"role": "user", "content": "Report the weather."}]


def connect(server, mode=instructor.Mode.TOOLS, key=None, max_retries=0):
    client = OpenAI(base_url=server["base_url"], api_key=key or server["key"], max_retries=max_retries)
    return instructor.from_openai(client, mode=mode)


def structured(mode):
    client = connect(reports, getattr(instructor.Mode, mode))
    options = {"model": "deepseek-chat", "response_model": Report, "messages": MESSAGES}
    whole = client.create(**options)
    *_, last = client.create_partial(**options)
    return {"whole": whole.model_dump(), "streamed": last.model_dump()}


def by_name():
    """How instructor's own documentation reaches DeepSeek, with another address."""
    client = instructor.from_provider("deepseek/deepseek-chat", base_url=reports["base_url"], api_key=reports["key"])
    return client.create(response_model=Report, messages=MESSAGES).model_dump()


def with_completion():
    answer, completion = connect(reports).create_with_completion(
        model="deepseek-chat", response_model=Report, messages=MESSAGES
    )
    return {"answer": answer.model_dump(), "total_tokens": completion.usage.total_tokens}


def reasoner():
    """Asked for an object, the reasoner thinks first."""
    answer, completion = connect(reports, instructor.Mode.JSON).create_with_completion(
        model="deepseek-reasoner", response_model=Report, messages=MESSAGES
    )
    return {"answer": answer.model_dump(), "reasoning": completion.choices[0].message.reasoning_content}


def corrected():
    """A validator that fails once: the call and the error go back as messages of an assistant and a tool."""
    attempts = []

    class Corrected(Report):
        @model_validator(mode="after")
        def refuse_once(self):
            attempts.append(self)
            if len(attempts) == 1:
                raise ValueError("Look again.")
            return self

    Corrected.__name__ = "Report"
    answer = connect(reports).create(
        model="deepseek-chat", response_model=Corrected, messages=MESSAGES, max_retries=2
    )
    return {"answer": answer.model_dump(), "attempts": len(attempts)}


def chat():
    """Without a model for the answer it is the OpenAI SDK."""
    options = {"model": "deepseek-chat", "response_model": None, "messages": MESSAGES}
    whole = connect(hello).create(**options).choices[0].message.content
    pieces = connect(hello).create(**options, stream=True)
    return [whole, "".join(piece.choices[0].delta.content or "" for piece in pieces)]


def ask(key, prompt, model, max_retries=0):
    client = connect(refusing, instructor.Mode.TOOLS, key, max_retries)
    return client.create(
        model=model, response_model=None, messages=[{"role": "user", "content": prompt}], max_retries=0
    )


report(
    chat=chat(),
    structured={mode: structured(mode) for mode in ("TOOLS", "JSON", "JSON_SCHEMA")},
    by_name=by_name(),
    with_completion=with_completion(),
    reasoner=reasoner(),
    corrected=corrected(),
    refusals=refusals(ask),
    patience=patience(
        lambda prompt: ask(refusing["patient_key"], prompt, "deepseek-chat", 2).choices[0].message.content
    ),
)
