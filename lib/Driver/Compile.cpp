#include "tx/Driver/Driver.h"
