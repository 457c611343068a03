#include "tx/Conversion/Passes.h"
