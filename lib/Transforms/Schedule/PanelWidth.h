//===- PanelWidth.h - Channels of a weight panel ----------------*- C++ -*-===//

#ifndef TX_LIB_TRANSFORMS_SCHEDULE_PANELWIDTH_H
#define TX_LIB_TRANSFORMS_SCHEDULE_PANELWIDTH_H

#include <cstdint>

namespace tx {

/// Output channels side by side in a panel: one vector of the widest target, so
/// that all targets read the same packed weights.
inline constexpr int64_t kPanelWidth = 16;

} // namespace tx

#endif // TX_LIB_TRANSFORMS_SCHEDULE_PANELWIDTH_H
