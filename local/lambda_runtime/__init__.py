"""Runs the function on this machine: in AWS's runtime emulator, or without it in this process."""

from local.lambda_runtime.binary import HANDLER, SRC, emulator_binary
from local.lambda_runtime.emulator import Emulator
from local.lambda_runtime.function import Function, open_function
from local.lambda_runtime.in_process import InProcess
from local.lambda_runtime.invocation import Invocation
from local.lambda_runtime.process import EmulatorError

__all__ = [
    "HANDLER",
    "SRC",
    "Emulator",
    "EmulatorError",
    "Function",
    "InProcess",
    "Invocation",
    "emulator_binary",
    "open_function",
]
