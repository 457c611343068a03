#include "tx/Transforms/Schedule/Passes.h"
