// RUN: tx-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{has attribute 'tx.modle', which the tx dialect does not know}}
module attributes {tx.modle = {}} {}

// -----

// expected-error @+1 {{expects attribute 'tx.model' to be a dictionary, got "bert"}}
module attributes {tx.model = "bert"} {}

// -----

// expected-error @+1 {{expects 'family' of 'tx.model' to be a string, got 1 : i64}}
module attributes {tx.model = {family = 1}} {}

// -----

// expected-error @+1 {{expects 'max_length' of 'tx.model' to be a positive i64, got 0 : i64}}
module attributes {tx.model = {max_length = 0}} {}

// -----

// expected-error @+1 {{expects 'max_length' of 'tx.model' to be a positive i64, got 512 : i32}}
module attributes {tx.model = {max_length = 512 : i32}} {}

// -----

// expected-error @+1 {{expects 'position_base' of 'tx.model' to be an i64, got 5.000000e-01 : f64}}
module attributes {tx.model = {position_base = 0.5}} {}

// -----

// expected-error @+1 {{expects 'labels' of 'tx.model' to be a list of strings, got ["no", 1]}}
module attributes {tx.model = {labels = ["no", 1]}} {}

// -----

// expected-error @+1 {{expects attribute 'tx.phase' to be one of "import", "normalize", "compress", "quantize", "fuse", "schedule", "lower", got "emit"}}
module attributes {tx.phase = "emit"} {}

// -----

// expected-error @+1 {{expects attribute 'tx.target' to be a #tx.target, got "native"}}
module attributes {tx.target = "native"} {}

// -----

// expected-error @+1 {{expects attribute 'tx.scratch' to be an i64 that is not negative, got -1 : i64}}
module attributes {tx.scratch = -1} {}

// -----

// expected-error @+1 {{target expects positive lanes and registers, got 0 and 32}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 0, registers = 32>} {}

// -----

// expected-error @+1 {{target expects at most 4096 lanes and registers, got 16 and 5000}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", lanes = 16, registers = 5000>} {}

// -----

// expected-error @+1 {{target expects caches of 1 to 2147483647 bytes, got 32768 and -1}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v4", tune = "znver4", l2 = -1, lanes = 16, registers = 32>} {}

// -----

// expected-error @+1 {{target expects a triple, isa and tune, got "x86_64-unknown-linux-gnu", "" and "znver4"}}
module attributes {tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "", tune = "znver4", lanes = 16, registers = 32>} {}

// -----

// expected-error @+1 {{has attribute 'tx.entry', which belongs on a function}}
module attributes {tx.entry = "packed"} {}

// -----

// expected-error @+1 {{has attribute 'tx.phase', which belongs on a module}}
func.func @phase_of_function() attributes {tx.phase = "import"} { return }

// -----

// expected-error @+1 {{expects attribute 'tx.entry' to be one of "packed", "padded", got "ragged"}}
func.func @entry_kind() attributes {tx.entry = "ragged"} { return }

// -----

// expected-error @+1 {{expects attribute 'tx.entry' to be one of "packed", "padded", got unit}}
func.func @entry_without_kind() attributes {tx.entry} { return }

// -----

// expected-error @+1 {{has two arguments named "x"}}
func.func @same_argument_names(%x: tensor<?xi32> {tx.name = "x"}, %y: tensor<?xi32> {tx.name = "x"}) attributes {tx.entry = "packed"} {
  return
}

// -----

// expected-error @+1 {{has two results named "y"}}
func.func @same_result_names(%x: tensor<?xi32> {tx.name = "x"})
    -> (tensor<?xi32> {tx.name = "y"}, tensor<?xi32> {tx.name = "y"}) attributes {tx.entry = "packed"} {
  return %x, %x : tensor<?xi32>, tensor<?xi32>
}

// -----

// expected-error @+1 {{expects attribute 'tx.workspace' to be a #tx.workspace, got 64 : i64}}
func.func @workspace_kind() attributes {tx.workspace = 64} { return }

// -----

// expected-error @+1 {{workspace expects sizes that are not negative, got 1, -2 and 3}}
func.func @workspace_sizes() attributes {tx.workspace = #tx.workspace<token = 1, sequence = -2, fixed = 3>} { return }

// -----

// expected-error @+1 {{has attribute 'tx.name', which belongs on an argument or result}}
func.func @name_of_function() attributes {tx.name = "x"} { return }

// -----

// expected-error @+1 {{expects attribute 'tx.name' to be a string that is not empty, got ""}}
func.func @empty_name(%x: tensor<?xi32> {tx.name = ""}) { return }

// -----

// expected-error @+1 {{has attribute 'tx.entry' on an argument or result; only 'tx.name' belongs there}}
func.func @entry_of_argument(%x: tensor<?xi32> {tx.entry = "packed"}) { return }

// -----

// expected-error @+1 {{has attribute 'tx.nam' on an argument or result; only 'tx.name' belongs there}}
func.func @misspelt_name_of_result(%x: tensor<?xi32>) -> (tensor<?xi32> {tx.nam = "y"}) { return %x : tensor<?xi32> }

// -----

// expected-error @+1 {{schedule expects panels from 1 to 4096, got 0}}
tx.kernel @schedule_number() attributes {schedule = #tx.schedule<lanes = 16, rows = 6, panels = 0, item_rows = 48>} { tx.return }

// -----

// expected-error @+1 {{schedule expects item_rows, 40, to be a multiple of rows, 6}}
tx.kernel @schedule_item_rows() attributes {schedule = #tx.schedule<lanes = 16, rows = 6, panels = 2, item_rows = 40>} { tx.return }

// -----

// expected-error @+1 {{schedule expects item_panels, 5, to be a multiple of panels, 2, up to 4096}}
tx.kernel @schedule_item_panels() attributes {schedule = #tx.schedule<lanes = 16, rows = 6, panels = 2, item_rows = 48, item_panels = 5>} { tx.return }

// -----

// expected-error @+1 {{schedule expects chunk from 1 to 4096, got -1}}
tx.kernel @schedule_chunk() attributes {schedule = #tx.schedule<chunk = -1, lanes = 8, rows = 6, panels = 1, item_rows = 48>} { tx.return }

// -----

// expected-error @+1 {{schedule expects item_rows from 1 to 4096, got 4611686018427387904}}
tx.kernel @schedule_large() attributes {schedule = #tx.schedule<lanes = 8, rows = 2, panels = 1, item_rows = 4611686018427387904>} { tx.return }

// -----

// expected-error @+1 {{schedule expects stretch from 1 to 2147483647, got -5}}
tx.kernel @schedule_stretch() attributes {schedule = #tx.schedule<stretch = -5, lanes = 8, rows = 6, panels = 1, item_rows = 48>} { tx.return }

// -----

// expected-error @+1 {{schedule expects a chunk of 768 unless unit is fma, got 64}}
tx.kernel @schedule_chunk_of_pairs() attributes {schedule = #tx.schedule<unit = dot, chunk = 64, lanes = 16, rows = 8, panels = 3, item_rows = 64>} { tx.return }

// -----

// expected-error @+1 {{schedule expects rows that are a multiple of 16, those of a tile of unit matrix, got 8}}
tx.kernel @schedule_matrix_rows() attributes {schedule = #tx.schedule<unit = matrix, lanes = 16, rows = 8, panels = 2, item_rows = 48>} { tx.return }

// -----

// expected-error @+1 {{layout expects groups of 1, 2 or 4 channels, got 3}}
func.func private @layout_group(tensor<16x8xbf16, #tx.layout<panels = 16, group = 3>>)

// -----

// expected-error @+1 {{layout expects panels of at least one channel, got 0}}
func.func private @layout_panels(tensor<16x8xf32, #tx.layout<panels = 0>>)

// -----

// expected-error @+1 {{layout is for matrices, got a tensor of rank 1}}
func.func private @layout_of_vector(tensor<16xf32, #tx.layout<panels = 16>>)

// -----

// expected-error @+1 {{heads expects at least one head, got 0}}
func.func private @heads_count(tensor<?x8xf32, #tx.heads<0>>)

// -----

// expected-error @+1 {{heads are for tokens by channels, got a tensor of rank 1}}
func.func private @heads_of_vector(tensor<16xf32, #tx.heads<2>>)

// -----

// expected-error @+1 {{heads expects channels that are a multiple of 3, got 8}}
func.func private @heads_channels(tensor<?x8xf32, #tx.heads<3>>)

// -----

// expected-error @+1 {{place expects an offset that is not negative, got -64}}
func.func private @place_offset() attributes {test.place = #tx.place<token, -64>}
