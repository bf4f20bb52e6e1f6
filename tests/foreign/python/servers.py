"""What the scripts beside this one share: the servers that the test tells them of, and how errors are reported."""

import json
import os

servers = json.loads(os.environ["PLUMB_SERVERS"])
hello, tools, reports, refusing = (servers[name] for name in ("hello", "tools", "reports", "refusing"))

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
REPORT_SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "weather": {"type": "string", "enum": ["sunny", "rainy"]},
        "days": {"type": "integer"},
    },
    "required": ["city", "weather", "days"],
    "additionalProperties": False,
}


def get_weather(city):
    return {"Paris": "Sunny, 24 degrees"}[city]


def error_of(call):
    """The class, status and message of the error that a call raises, causes that a client wraps in its own included."""
    try:
        call()
    except Exception as error:
        return {
            "class": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "message": str(error),
            "bases": [base.__module__.split(".")[0] + "." + base.__name__ for base in type(error).__mro__],
        }
    return None


def refusals(ask):
    """Every refusal that clients have classes for. `ask` takes a key, a prompt and a model."""
    model = "deepseek-chat"
    return {
        "wrong_key": error_of(lambda: ask(refusing["wrong_key"], "Hi", model)),
        "wrong_model": error_of(lambda: ask(refusing["key"], "Hi", "gpt-4o")),
        "poor": error_of(lambda: ask(refusing["poor_key"], "Hi", model)),
        "within_limit": error_of(lambda: ask(refusing["limited_key"], "Hi", model)),
        "over_limit": error_of(lambda: ask(refusing["limited_key"], "Hi", model)),
        "no_engine": error_of(lambda: ask(refusing["key"], "fail", model)),
    }


def patience(ask):
    """The answer to a second request that is refused at first. `ask` takes a prompt, and comes again by itself."""
    ask("warm up")
    return ask("Hi")


def report(**seen):
    print(json.dumps(seen))
