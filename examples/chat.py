"""The first call: the OpenAI SDK with another base URL, key and model. Run: python3 examples/chat.py "Your question"."""

import os
import sys

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("PLUMB_BASE_URL", "http://127.0.0.1:8080/v1"),
    api_key=os.environ.get("PLUMB_API_KEY", ""),
)

answer = client.chat.completions.create(
    model="deepseek-chat",
    messages=[{"role": "user", "content": sys.argv[1] if len(sys.argv) > 1 else "What is the capital of France?"}],
)

print(answer.choices[0].message.content)
