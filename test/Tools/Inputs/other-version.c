/* An artefact that speaks version 2 of the interface. */
#include "tx/Runtime/tx_model.h"

static tx_model model = {.abi_version = 2, .size = sizeof(tx_model)};
const tx_model *tx_model_v1(void) { return &model; }
