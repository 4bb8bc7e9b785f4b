namespace Hud.Unwinding.Tests;

/// <summary>A program to be recorded: how it is built (null: it is on the machine), and where gdb stops it.</summary>
internal sealed record RecordedProgram(
    string Name,
    string[]? Build,
    string[] Command,
    string Breaks,
    int States,
    int Stride = 300
)
{
    private const string Tokio = "OUT/tokio-target/";

    public string From { get; init; } = "main";

    public bool Arm { get; init; }

    /// <summary>The stack is wanted beyond the frames that gdb finds.</summary>
    public bool Whole { get; init; }

    /// <summary>The only ways in which its frames may be found.</summary>
    public UnwindQuality Allowed { get; init; } = UnwindQuality.EhFrame;

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "programs");

    /// <summary>In each command, SRC is the folder of sources, OUT that of built programs, CRATES that of scripts/crates.sh.</summary>
    public static IReadOnlyList<RecordedProgram> All { get; } =
    [
        new(
            "c-plain",
            ["gcc", "-O2", "-fomit-frame-pointer", "-o", "OUT/plain", "SRC/plain.c"],
            ["OUT/plain"],
            "leaf snprintf malloc",
            60
        ),
        new(
            "c-lazy-plt",
            ["gcc", "-O2", "-Wl,-z,lazy", "-fcf-protection=none", "-o", "OUT/lazy", "SRC/plain.c"],
            ["OUT/lazy"],
            "leaf snprintf",
            40,
            20
        ),
        new("c-realigned", ["gcc", "-O2", "-o", "OUT/realigned", "SRC/realigned.c"], ["OUT/realigned"], "leaf", 60, 60),
        new(
            "c-realigned-O1",
            ["gcc", "-O1", "-mstackrealign", "-o", "OUT/realigned1", "SRC/realigned.c"],
            ["OUT/realigned1"],
            "leaf",
            40,
            60
        ),
        new(
            "c-signals",
            ["gcc", "-O1", "-o", "OUT/signals", "SRC/signals.c", "-lm"],
            ["OUT/signals"],
            "in_handler work",
            40,
            100
        ),
        new(
            "c-clang",
            ["clang-19", "-O2", "-o", "OUT/clang", "SRC/realigned.c"],
            ["OUT/clang"],
            "leaf aligned128",
            40,
            60
        ),
        new(
            "c-static-pie",
            ["gcc", "-O2", "-static-pie", "-o", "OUT/staticpie", "SRC/plain.c"],
            ["OUT/staticpie"],
            "leaf compare",
            40
        ),
        new(
            "c-debug-frame",
            ["gcc", "-O2", "-g", "-gz=zlib", "-fno-asynchronous-unwind-tables", "-o", "OUT/debugframe", "SRC/plain.c"],
            ["OUT/debugframe"],
            "leaf compare",
            40
        )
        {
            Allowed = UnwindQuality.EhFrame | UnwindQuality.DebugFrame,
        },
        new("rust-mixed", Rust("mixed", "mixed.rs", "-O"), ["OUT/mixed"], "malloc free", 60),
        new("rust-panics", Rust("panics", "panics.rs", "-O"), ["OUT/panics"], "malloc _Unwind_RaiseException", 50),
        new(
            "rust-fat-abort",
            Rust("fatabort", "panics.rs", "-O", "-Cpanic=abort", "-Clto=fat", "-Ccodegen-units=1", "-Cstrip=debuginfo"),
            ["OUT/fatabort"],
            "malloc realloc",
            40
        ),
        new(
            "rust-fat-mixed",
            Rust("fatmixed", "mixed.rs", "-Copt-level=3", "-Cpanic=abort", "-Clto=fat", "-Ccodegen-units=1"),
            ["OUT/fatmixed"],
            "malloc free",
            40
        ),
        new("tokio124", Cargo("tokio124", "release"), [Tokio + "release/recorded"], "clock_nanosleep malloc", 50),
        new("tokio143-fat-abort", Cargo("tokio143", "fat"), [Tokio + "fat/recorded"], "clock_nanosleep malloc", 50),
        new(
            "python",
            null,
            [
                "/usr/bin/python3",
                "-c",
                "import re,json\nfor i in range(9): re.sub('a+(b|c)*', lambda m: json.dumps({'k': m.group(0)}), 'aabc' * 50)",
            ],
            "malloc memcpy",
            40,
            2000
        )
        {
            From = "__libc_start_main",
        },
        new("arm-plain", Arm64("armplain", "plain.c", "-O2"), ["OUT/armplain"], "leaf snprintf malloc", 40)
        {
            Arm = true,
        },
        new(
            "arm-plain-O1",
            Arm64("armplain1", "plain.c", "-O1", "-fomit-frame-pointer"),
            ["OUT/armplain1"],
            "leaf snprintf",
            40,
            40
        )
        {
            Arm = true,
        },
        new(
            "arm-signed",
            Arm64("armsigned", "realigned.c", "-O2", "-mbranch-protection=standard"),
            ["OUT/armsigned"],
            "leaf",
            40,
            60
        )
        {
            Arm = true,
        },
    ];

    private static string[] Rust(string output, string source, params string[] options) =>
        ["rustc", "--edition=2021", .. options, "-o", "OUT/" + output, "SRC/" + source];

    private static string[] Arm64(string output, string source, params string[] options) =>
        ["aarch64-linux-gnu-gcc", "-static", .. options, "-o", "OUT/" + output, "SRC/" + source];

    private static string[] Cargo(string variant, string profile) =>
        [
            "cargo",
            "build",
            "--quiet",
            "--offline",
            "--profile",
            profile,
            "--manifest-path",
            "OUT/src-tokio/Cargo.toml",
            "--target-dir",
            "OUT/tokio-target",
            "--config",
            "source.crates-io.replace-with='debian'",
            "--config",
            $"source.debian.directory='CRATES/{variant}'",
        ];
}
