#include "tx/Transforms/Normalize/Passes.h"
