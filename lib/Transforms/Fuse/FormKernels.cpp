#include "tx/Transforms/Fuse/Passes.h"
