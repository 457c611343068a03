#include "tx/Checkpoint/Error.h"
