//===- RandomModule.cpp - Generator of tx modules -------------------------===//

#include "RandomModule.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace tx;
using namespace tx::test;
using llvm::formatv;

namespace {

/// SplitMix64 (Steele et al. 2014): the standard's distributions differ between
/// libraries, this does not.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t bits() {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [low, high].
  int64_t integer(int64_t low, int64_t high) {
    return low + int64_t(bits() % uint64_t(high - low + 1));
  }
  bool oneIn(int64_t n) { return integer(1, n) == 1; }
  /// In [-scale, scale).
  float real(float scale) {
    return (float(bits() >> 40) / float(1 << 23) - 1.0f) * scale;
  }
  template <typename T>
  const T &pick(const std::vector<T> &values) {
    return values[integer(0, values.size() - 1)];
  }

private:
  uint64_t state;
};

/// A value of the chain: rows are tokens, or sequences once it is pooled.
struct Rows {
  std::string name;
  int64_t channels;
  bool pooled = false;

  std::string type() const {
    return formatv("tensor<?x{0}xf32>", channels).str();
  }
};

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}
  RandomModule make();

private:
  int64_t width() { // few widths, so that residuals find partners
    return random.oneIn(3) ? random.pick(widths) : random.integer(1, 70);
  }
  std::string name() { return formatv("%v{0}", next++).str(); }
  template <typename... Ts>
  void line(const char *format, Ts &&...values) {
    body += "    " + formatv(format, std::forward<Ts>(values)...).str() + "\n";
  }
  Rows define(int64_t channels, bool pooled, const std::string &operation) {
    Rows result{name(), channels, pooled};
    line("{0} = {1}", result.name, operation);
    return result;
  }

  std::string param(llvm::ArrayRef<int64_t> shape, float scale, float offset);
  std::string matrix(int64_t rows, int64_t columns);
  std::string vector(int64_t size, float scale, float offset);

  Rows embed();
  Rows linear(const Rows &x, int64_t channels);
  Rows activation(const Rows &x);
  Rows combine(const Rows &x);
  Rows ffn(const Rows &x);
  Rows attention(const Rows &x);
  Rows norm(const Rows &x);
  Rows slice(const Rows &x);
  Rows pool(const Rows &x);
  Rows step(const Rows &x);

  std::string activationName() {
    return random.pick<std::string>(
        {"gelu", "gelu_tanh", "relu", "silu", "tanh"});
  }
  void chooseBatch();
  std::string finish(const std::vector<Rows> &results);

  Random random;
  std::string body;
  int next = 0;
  bool padded = false;
  int64_t vocabulary = 0, columns = 0;
  std::vector<int64_t> widths, lengths;
  std::vector<Rows> values;
  NamedTensors inputs;
};

std::string Generator::param(llvm::ArrayRef<int64_t> shape, float scale,
                             float offset) {
  int64_t count = 1;
  std::string type;
  for (int64_t size : shape) {
    count *= size;
    type += std::to_string(size) + "x";
  }
  std::string bytes(count * 4, '\0');
  for (int64_t i = 0; i < count; ++i) {
    float value = offset + random.real(scale);
    memcpy(&bytes[i * 4], &value, 4);
  }
  std::string result = name();
  line("{0} = tx.param dense<\"0x{1}\"> : tensor<{2}f32>", result,
       llvm::toHex(bytes), type);
  return result;
}

/// Weights that keep the size of what they multiply.
std::string Generator::matrix(int64_t rows, int64_t columns) {
  return param({rows, columns}, std::sqrt(3.0f / columns), 0);
}

std::string Generator::vector(int64_t size, float scale, float offset) {
  return param({size}, scale, offset);
}

Rows Generator::embed() {
  int64_t c = width();
  std::string table = matrix(vocabulary, c);
  Rows result = define(
      c, false,
      formatv("tx.embedding {0}, %ids : (tensor<{1}x{2}xf32>, tensor<?xi32>) "
              "-> tensor<?x{2}xf32>",
              table, vocabulary, c));
  if (random.oneIn(2)) {
    std::string places = matrix(256, c);
    Rows positions =
        define(c, false,
               formatv("tx.embedding {0}, %positions : (tensor<256x{1}xf32>, "
                       "tensor<?xi32>) -> tensor<?x{1}xf32>",
                       places, c));
    result = define(c, false,
                    formatv("tx.add {0}, {1} : {2}", result.name,
                            positions.name, result.type()));
  }
  return result;
}

Rows Generator::linear(const Rows &x, int64_t channels) {
  std::string weight = matrix(channels, x.channels), bias, biasType;
  if (!random.oneIn(4)) {
    bias = " bias " + vector(channels, 0.5f, 0);
    biasType = formatv(", tensor<{0}xf32>", channels);
  }
  return define(channels, x.pooled,
                formatv("tx.linear {0}, {1}{2} : ({3}, tensor<{4}x{5}xf32>{6}) "
                        "-> tensor<?x{4}xf32>",
                        x.name, weight, bias, x.type(), channels, x.channels,
                        biasType));
}

Rows Generator::activation(const Rows &x) {
  return define(x.channels, x.pooled,
                formatv("tx.activation {0} {1} : {2}", activationName(), x.name,
                        x.type()));
}

/// Sum or product with an earlier value of the same form, or with itself.
Rows Generator::combine(const Rows &x) {
  std::vector<Rows> partners;
  for (const Rows &value : values)
    if (value.channels == x.channels && value.pooled == x.pooled)
      partners.push_back(value);
  Rows other = random.pick(partners);
  return define(x.channels, x.pooled,
                formatv("tx.{0} {1}, {2} : {3}",
                        random.oneIn(3) ? "mul" : "add", x.name, other.name,
                        x.type()));
}

Rows Generator::ffn(const Rows &x) {
  int64_t hidden = random.integer(1, 70),
          out = random.oneIn(2) ? x.channels : width();
  std::string c = std::to_string(x.channels), h = std::to_string(hidden);
  std::string up = matrix(hidden, x.channels), text, types;
  if (random.oneIn(2)) {
    text += " bias " + vector(hidden, 0.5f, 0);
    types += ", tensor<" + h + "xf32>";
  }
  if (random.oneIn(3)) {
    text += " gate " + matrix(hidden, x.channels);
    types += ", tensor<" + h + "x" + c + "xf32>";
  }
  text += " down " + matrix(out, hidden);
  types += formatv(", tensor<{0}x{1}xf32>", out, hidden);
  if (random.oneIn(2)) {
    text += " down_bias " + vector(out, 0.5f, 0);
    types += formatv(", tensor<{0}xf32>", out);
  }
  return define(out, x.pooled,
                formatv("tx.ffn {0} {1} up {2}{3} : ({4}, tensor<{5}x{6}xf32>"
                        "{7}) -> tensor<?x{8}xf32>",
                        activationName(), x.name, up, text, x.type(), hidden,
                        x.channels, types, out));
}

Rows Generator::attention(const Rows &x) {
  int64_t kvHeads = random.integer(1, 3);
  int64_t heads = kvHeads * (random.oneIn(2) ? 1 : random.integer(1, 3));
  int64_t d = random.integer(1, 33);
  int64_t dv = random.oneIn(2) ? d : random.integer(1, 33);
  Rows q = linear(x, heads * d), k = linear(x, kvHeads * d),
       v = linear(x, kvHeads * dv);
  Rows result = define(
      heads * dv, false,
      formatv("tx.attention {0} {1}, {2}, {3} offsets %offsets, %offsets "
              "{{num_heads = {4}, num_kv_heads = {5}, scale = {6:f6} : f32} : "
              "({7}, {8}, {9}, tensor<?xi32>, tensor<?xi32>) -> "
              "tensor<?x{10}xf32>",
              random.oneIn(4) ? "causal" : "full", q.name, k.name, v.name,
              heads, kvHeads, 1 / std::sqrt(double(d)), q.type(), k.type(),
              v.type(), heads * dv));
  return random.oneIn(2) ? linear(result, x.channels) : result;
}

/// Narrow rows may be nearly constant: a large eps keeps their norms from
/// magnifying rounding errors without bound.
Rows Generator::norm(const Rows &x) {
  std::string eps = x.channels >= 16 ? "1.0e-5" : "1.0e-2",
              c = std::to_string(x.channels);
  switch (random.integer(0, 3)) {
  case 0: {
    std::string weight = vector(x.channels, 0.3f, 1),
                bias = vector(x.channels, 0.3f, 0);
    return define(
        x.channels, x.pooled,
        formatv("tx.layer_norm {0}, {1}, {2} {{eps = {3} : f32} : {4}, "
                "tensor<{5}xf32>, tensor<{5}xf32>",
                x.name, weight, bias, eps, x.type(), c));
  }
  case 1: {
    std::string weight = vector(x.channels, 0.3f, 1);
    return define(x.channels, x.pooled,
                  formatv("tx.rms_norm {0}, {1} {{eps = {2} : f32} : {3}, "
                          "tensor<{4}xf32>",
                          x.name, weight, eps, x.type(), c));
  }
  case 2:
    return define(x.channels, x.pooled,
                  formatv("tx.softmax {0} : {1}", x.name, x.type()));
  default:
    return define(x.channels, x.pooled,
                  formatv("tx.normalize {0} {{eps = {1} : f32} : {2}", x.name,
                          eps, x.type()));
  }
}

Rows Generator::slice(const Rows &x) {
  int64_t offset = random.integer(0, x.channels - 1);
  int64_t channels = random.integer(1, x.channels - offset);
  return define(channels, x.pooled,
                formatv("tx.slice {0}[{1}] : {2} to tensor<?x{3}xf32>", x.name,
                        offset, x.type(), channels));
}

Rows Generator::pool(const Rows &x) {
  return define(
      x.channels, true,
      formatv("tx.pool {0} {1}, %offsets : ({2}, tensor<?xi32>) -> {2}",
              random.oneIn(2) ? "cls" : "mean", x.name, x.type()));
}

Rows Generator::step(const Rows &x) {
  switch (random.integer(0, 9)) {
  case 0:
  case 1:
    return linear(x, width());
  case 2:
    return activation(random.oneIn(2) ? linear(x, width()) : x);
  case 3: { // a residual, the commonest epilogue
    Rows y = linear(x, x.channels);
    return define(x.channels, x.pooled,
                  formatv("tx.add {0}, {1} : {2}", y.name, x.name, x.type()));
  }
  case 4:
    return ffn(x);
  case 5:
  case 6:
    return x.pooled ? norm(x) : attention(x);
  case 7:
    return combine(x);
  case 8:
    return random.oneIn(3) ? slice(x) : norm(x);
  default:
    return norm(x);
  }
}

//===----------------------------------------------------------------------===//
// Batch and entry
//===----------------------------------------------------------------------===//

void Generator::chooseBatch() {
  int64_t sequences = random.integer(1, 5);
  for (int64_t b = 0; b < sequences; ++b)
    lengths.push_back(random.oneIn(8) ? random.integer(60, 140)
                                      : random.integer(1, 20));
  auto ids = [&](int64_t count) {
    std::vector<int32_t> result(count);
    for (int32_t &id : result)
      id = random.integer(0, vocabulary - 1);
    return result;
  };
  if (!padded) {
    std::vector<int32_t> offsets{0};
    for (int64_t length : lengths)
      offsets.push_back(offsets.back() + length);
    int64_t tokens = offsets.back();
    inputs["input_ids"] = Tensor{{tokens}, ids(tokens)};
    inputs["offsets"] = Tensor{{sequences + 1}, offsets};
    return;
  }
  columns =
      *std::max_element(lengths.begin(), lengths.end()) + random.integer(0, 3);
  std::vector<int32_t> mask(sequences * columns, 0);
  for (int64_t b = 0; b < sequences; ++b) {
    int64_t first = random.integer(0, columns - lengths[b]);
    for (int64_t i = 0; i < lengths[b]; ++i)
      mask[b * columns + first + i] = i == 0 || !random.oneIn(5); // holes
  }
  inputs["input_ids"] = Tensor{{sequences, columns}, ids(sequences * columns)};
  inputs["attention_mask"] = Tensor{{sequences, columns}, mask};
}

std::string Generator::finish(const std::vector<Rows> &results) {
  std::vector<std::string> names, types, signature;
  std::string unpacked;
  for (const Rows &result : results) {
    std::string value = result.name, type = result.type();
    if (padded && !result.pooled) {
      value = name();
      type = formatv("tensor<?x?x{0}xf32>", result.channels);
      unpacked += formatv("    {0} = tx.unpack_tokens {1}, %offsets, %mask : "
                          "({2}, tensor<?xi32>, tensor<?x?xi32>) -> {3}\n",
                          value, result.name, result.type(), type);
    }
    signature.push_back(
        formatv("{0} {{tx.name = \"out{1}\"}", type, names.size()));
    names.push_back(value);
    types.push_back(type);
  }
  std::string arguments =
      padded ? "%pids: tensor<?x?xi32> {tx.name = \"input_ids\"}, "
               "%mask: tensor<?x?xi32> {tx.name = \"attention_mask\"}"
             : "%ids: tensor<?xi32> {tx.name = \"input_ids\"}, "
               "%offsets: tensor<?xi32> {tx.name = \"offsets\"}";
  std::string start =
      padded ? "    %ids, %offsets, %positions = tx.pack_tokens column %mask, "
               "%pids : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, "
               "tensor<?xi32>, tensor<?xi32>)\n"
             : "    %positions = tx.positions column %ids, %offsets : "
               "(tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>\n";
  std::string entry = padded ? "padded" : "packed";
  return formatv(
      "module attributes {{tx.model = {{max_length = 256 : i64} } {{\n"
      "  func.func @{0}({1}) -> ({2}) attributes {{tx.entry = "
      "\"{0}\"} {{\n{3}{4}{5}    return {6} : {7}\n  }\n}\n",
      entry, arguments, llvm::join(signature, ", "), start, body, unpacked,
      llvm::join(names, ", "), llvm::join(types, ", "));
}

RandomModule Generator::make() {
  vocabulary = random.integer(2, 40);
  padded = random.oneIn(5);
  for (int i = 0; i < 2; ++i)
    widths.push_back(random.integer(1, 70));
  chooseBatch();
  Rows x = embed();
  values.push_back(x);
  int64_t steps = random.integer(1, 5);
  for (int64_t i = 0; i < steps; ++i) {
    x = step(x);
    values.push_back(x);
    if (!x.pooled && i + 1 < steps && random.oneIn(12))
      values.push_back(x = pool(x));
  }
  std::vector<Rows> results{x};
  const Rows &other = random.pick(values);
  if (random.oneIn(3) && other.name != x.name)
    results.push_back(other);
  if (!x.pooled && random.oneIn(3))
    results.push_back(pool(x));
  return {padded ? "padded" : "packed", finish(results), inputs};
}

} // namespace

RandomModule tx::test::makeRandomModule(uint32_t seed) {
  return Generator(seed).make();
}
