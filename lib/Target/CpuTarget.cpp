#include "tx/Target/CpuTarget.h"
