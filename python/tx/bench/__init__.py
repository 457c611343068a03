"""tx beside the runtimes that users would otherwise pick.

    python -m tx.bench --peers onnxruntime,openvino,torch --threads 1,2

Each engine runs in a process of its own, pinned to as many CPUs as it has threads;
engines take turns round by round, and those that wait are stopped. Outputs are
compared before anything is timed.
"""
