"""lit: .mlir and .test files, run with the tools of the build folder."""

import os
import shutil

import lit.formats
from lit.llvm import llvm_config

config.name = "tx"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Unit", "Python", "Fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tx_binary_dir, "test", "lit")

llvm_config.with_system_environment(["HOME", "TMP", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"])
llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.add_tool_substitutions(
    ["tx-opt", "txc", "tx-reduce", "tx-lsp-server", "llvm-nm", "llvm-readelf", "llvm-objdump"],
    [os.path.join(config.tx_binary_dir, "bin"), config.llvm_tools_dir],
)
config.substitutions.append(("%inputs", os.path.join(config.tx_source_dir, "test", "Inputs")))
config.substitutions.append(("%examples", os.path.join(config.tx_source_dir, "examples")))
config.substitutions.append(("%source", config.tx_source_dir))
config.substitutions.append(("%python", config.python_executable))

with open("/proc/cpuinfo") as cpuinfo:
    if "avx512vl" in cpuinfo.read():
        config.available_features.add("x86-avx512")
for runtime in config.tx_runtimes.split(";"):
    config.available_features.add(f"{runtime}-runtime")
for name in ("aarch64", "riscv64"):
    if shutil.which(f"qemu-{name}") and shutil.which(f"{name}-linux-gnu-gcc"):
        config.available_features.add(f"{name}-emulator")
if config.tx_sanitize:
    config.available_features.add("sanitizer")
if config.tx_python:
    config.available_features.add("python")
