#include "tx/Import/Import.h"
