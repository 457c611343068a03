//===- FusionReport.cpp - What became which kernel, and why ---------------===//

#include "FusionReport.h"
#include "mlir/IR/Remarks.h"
#include "tx/Driver/Reports.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tx;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

namespace {
/// Keeps remarks. The passes work on a module, in one thread.
class Streamer : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Streamer(KernelRemarks &remarks) : remarks(remarks) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    llvm::StringMap<std::string> values;
    for (const remark::detail::Remark::Arg &argument : remark.getArgs())
      values[argument.key] = argument.val;
    if (remark.getRemarkName() == "apart")
      remarks.apart.push_back({remark.getFunction().str(), values["Kernel"],
                               values["Op"], values["Reason"]});
    else if (remark.getRemarkName() == "tuned")
      remarks.tuned.insert(values["Kernel"]);
  }

private:
  KernelRemarks &remarks;
};
} // namespace

RemarkCollector::RemarkCollector(MLIRContext *context, KernelRemarks &remarks)
    : context(context) {
  remark::RemarkCategories categories;
  categories.missed = "tx-form-kernels";
  categories.passed = "tx-assign-schedules";
  LogicalResult enabled = remark::enableOptimizationRemarks(
      *context, std::make_unique<Streamer>(remarks),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
  assert(succeeded(enabled) && "the categories are a valid expression");
  (void)enabled;
}

RemarkCollector::~RemarkCollector() { context->setRemarkEngine(nullptr); }

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

/// How often something happens in each entry.
using Counts = llvm::MapVector<StringRef, int64_t>;

static json::Object toJson(const Counts &counts) {
  json::Object object;
  for (auto &[entry, count] : counts)
    object[entry.str()] = count;
  return object;
}

static json::Array listApart(StringRef kernel, ArrayRef<ApartRemark> remarks) {
  llvm::MapVector<std::pair<StringRef, StringRef>, Counts> reasons;
  for (const ApartRemark &remark : remarks)
    if (remark.kernel == kernel)
      ++reasons[{remark.op, remark.reason}][remark.entry];
  json::Array array;
  for (auto &[key, counts] : reasons)
    array.push_back(json::Object{{"op", key.first.str()},
                                 {"reason", key.second.str()},
                                 {"times", toJson(counts)}});
  return array;
}

static Counts countCalls(ModuleOp module, KernelOp kernel) {
  Counts counts;
  for (auto entry : module.getOps<func::FuncOp>())
    for (auto call : entry.getOps<tx::CallOp>())
      if (call.getKernel() == kernel.getSymName())
        ++counts[entry.getSymName()];
  return counts;
}

static json::Value describe(ScheduleAttr schedule) {
  if (!schedule)
    return nullptr;
  return describeSchedule(schedule);
}

// Strings are copied: the report outlives the module.
json::Value tx::reportFusion(ModuleOp module, const KernelRemarks &remarks) {
  json::Array kernels;
  for (auto kernel : module.getOps<KernelOp>()) {
    kernels.push_back(
        json::Object{{"name", json::fixUTF8(kernel.getSymName())},
                     {"ops", json::Array(kernel.getOpNames())},
                     {"calls", toJson(countCalls(module, kernel))},
                     {"schedule", describe(kernel.getScheduleAttr())},
                     {"tuned", remarks.tuned.contains(kernel.getSymName())},
                     {"apart", listApart(kernel.getSymName(), remarks.apart)}});
  }
  auto target = module->getAttrOfType<TargetAttr>(kTargetAttrName);
  json::Array entries;
  for (auto entry : module.getOps<func::FuncOp>())
    entries.push_back(json::fixUTF8(entry.getSymName()));
  return json::Object{{"isa", target.getIsa().str()},
                      {"tune", target.getTune().str()},
                      {"entries", std::move(entries)},
                      {"kernels", std::move(kernels)}};
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string joinOps(const json::Array &ops) {
  std::vector<std::string> names;
  for (const json::Value &op : ops)
    names.push_back(op.getAsString()->str());
  return llvm::join(names, ", ");
}

/// Of what is not said of a kernel, "-".
static std::string printSchedule(const json::Object &kernel) {
  const json::Object *schedule = kernel.getObject("schedule");
  auto get = [&](StringRef key) {
    return schedule ? llvm::itostr(*schedule->getInteger(key)) : "-";
  };
  // What passes by in caches is said of products only.
  bool isProduct =
      llvm::is_contained(*kernel.getArray("ops"), json::Value("tx.linear"));
  auto getOfProduct = [&](StringRef key) { return isProduct ? get(key) : "-"; };
  StringRef unit =
      schedule && isProduct ? *schedule->getString("unit") : StringRef("-");
  return llvm::formatv("{0,6} {1,5} {2,5} {3,6} {4,9} {5,11} {6,5} {7,8} {8,5}",
                       unit, get("lanes"), get("rows"), get("panels"),
                       get("item_rows"), getOfProduct("item_panels"),
                       getOfProduct("chunk"), getOfProduct("stretch"),
                       *kernel.getBoolean("tuned") ? "yes" : "-");
}

static void printKernels(const json::Object &variant, llvm::raw_ostream &os) {
  const json::Array &entries = *variant.getArray("entries");
  os << llvm::formatv("{0,-34}", "kernel calls in:");
  for (const json::Value &entry : entries)
    os << llvm::formatv(" {0,8}", *entry.getAsString());
  os << "    unit lanes  rows panels item rows item panels chunk  stretch "
        "tuned  ops\n";
  for (const json::Value &value : *variant.getArray("kernels")) {
    const json::Object &kernel = *value.getAsObject();
    os << llvm::formatv("{0,-34}", *kernel.getString("name"));
    for (const json::Value &entry : entries)
      os << llvm::formatv(" {0,8}", kernel.getObject("calls")
                                        ->getInteger(*entry.getAsString())
                                        .value_or(0));
    os << llvm::formatv("  {0}  {1}\n", printSchedule(kernel),
                        joinOps(*kernel.getArray("ops")));
  }
}

/// The largest count of any entry: entries of a model do the same, but for
/// their borders.
static int64_t getTimes(const json::Object &apart) {
  int64_t times = 0;
  for (const auto &[entry, count] : *apart.getObject("times"))
    times = std::max(times, *count.getAsInteger());
  return times;
}

static void printApart(const json::Object &variant, llvm::raw_ostream &os) {
  bool first = true;
  for (const json::Value &value : *variant.getArray("kernels")) {
    const json::Object &kernel = *value.getAsObject();
    const json::Array &apart = *kernel.getArray("apart");
    if (apart.empty())
      continue;
    if (std::exchange(first, false))
      os << "\napart from kernels that they read, or follow, and why:\n";
    os << *kernel.getString("name") << '\n';
    for (const json::Value &remark : apart) {
      const json::Object &object = *remark.getAsObject();
      os << llvm::formatv("  {0,3} x {1}: {2}\n", getTimes(object),
                          *object.getString("op"), *object.getString("reason"));
    }
  }
}

void tx::printFusion(const json::Value &report, llvm::raw_ostream &os) {
  StringRef separator;
  for (const json::Value &value : *report.getAsObject()->getArray("variants")) {
    const json::Object &variant = *value.getAsObject();
    os << separator
       << llvm::formatv("{0}, tuned for {1}\n", *variant.getString("isa"),
                        *variant.getString("tune"));
    separator = "\n";
    printKernels(variant, os);
    printApart(variant, os);
  }
}
