#include "tx/Dialect/Tx/IR/Tx.h"
