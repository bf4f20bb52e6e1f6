"""LiteLLM with its provider `deepseek`. Run: python3 examples/litellm_chat.py."""

import os

import litellm

base_url = os.environ.get("PLUMB_BASE_URL", "http://127.0.0.1:8080/v1")
api_key = os.environ.get("PLUMB_API_KEY", "")

question = [{"role": "user", "content": "What is the capital of France?"}]
answer = litellm.completion("deepseek/deepseek-chat", question, api_base=base_url, api_key=api_key)
print(answer.choices[0].message.content)
