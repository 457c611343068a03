#include "tx/Codegen/Cpu/Passes.h"
