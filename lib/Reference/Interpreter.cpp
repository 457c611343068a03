#include "tx/Reference/Interpreter.h"
