#include "tx/Pipelines/Phases.h"
