"""instructor: an object of a class instead of a text. Run: python3 examples/instructor_report.py."""

import os
from typing import Literal

import instructor
from pydantic import BaseModel

base_url = os.environ.get("PLUMB_BASE_URL", "http://127.0.0.1:8080/v1")
api_key = os.environ.get("PLUMB_API_KEY", "")


class Report(BaseModel):
    city: str
    weather: Literal["sunny", "rainy"]
    days: int


client = instructor.from_provider("deepseek/deepseek-chat", base_url=base_url, api_key=api_key)
report = client.create(response_model=Report, messages=[{"role": "user", "content": "Three sunny days in Paris."}])
print(report)
