#include "tx/Runtime/tx_program.h"
