"""LangChain for Python with its DeepSeek integration. Run: python3 examples/langchain_chat.py."""

import os

from langchain_deepseek import ChatDeepSeek

base_url = os.environ.get("PLUMB_BASE_URL", "http://127.0.0.1:8080/v1")
api_key = os.environ.get("PLUMB_API_KEY", "")

model = ChatDeepSeek(model="deepseek-chat", api_base=base_url, api_key=api_key)
answer = model.invoke("What is the capital of France?")
print(answer.content)
