using System.Diagnostics;

namespace Hud.Profiling.Tests.Stacks;

/// <summary>A program to be recorded: how it is built (null: it is on the machine), and where gdb stops it.</summary>
internal sealed record RecordedProgram(string Name, string[]? Build, string[] Command, string Breaks, int States, int Stride = 300, string From = "main")
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Stacks", "programs");

    /// <summary>In each command, SRC is the folder of sources and OUT the folder of built programs.</summary>
    public static IReadOnlyList<RecordedProgram> All { get; } =
    [
        new("c-plain", ["gcc", "-O2", "-fomit-frame-pointer", "-o", "OUT/plain", "SRC/plain.c"], ["OUT/plain"], "leaf snprintf malloc", 60),
        new("c-lazy-plt", ["gcc", "-O2", "-Wl,-z,lazy", "-fcf-protection=none", "-o", "OUT/lazy", "SRC/plain.c"], ["OUT/lazy"], "leaf snprintf", 40, 20),
        new("c-realigned", ["gcc", "-O2", "-o", "OUT/realigned", "SRC/realigned.c"], ["OUT/realigned"], "leaf", 60, 60),
        new("c-realigned-O1", ["gcc", "-O1", "-mstackrealign", "-o", "OUT/realigned1", "SRC/realigned.c"], ["OUT/realigned1"], "leaf", 40, 60),
        new("c-signals", ["gcc", "-O1", "-o", "OUT/signals", "SRC/signals.c", "-lm"], ["OUT/signals"], "in_handler work", 40, 100),
        new("rust-mixed", ["rustc", "--edition=2021", "-O", "-o", "OUT/mixed", "SRC/mixed.rs"], ["OUT/mixed"], "malloc free", 60),
        new("rust-panics", ["rustc", "--edition=2021", "-O", "-o", "OUT/panics", "SRC/panics.rs"], ["OUT/panics"], "malloc _Unwind_RaiseException", 50),
        new("rust-fat-abort", ["rustc", "--edition=2021", "-O", "-Cpanic=abort", "-Clto=fat", "-Ccodegen-units=1", "-Cstrip=debuginfo", "-o", "OUT/fatabort", "SRC/panics.rs"],
            ["OUT/fatabort"], "malloc realloc", 40),
        new("rust-fat-mixed", ["rustc", "--edition=2021", "-Copt-level=3", "-Cpanic=abort", "-Clto=fat", "-Ccodegen-units=1", "-o", "OUT/fatmixed", "SRC/mixed.rs"],
            ["OUT/fatmixed"], "malloc free", 40),
        new("python", null, ["/usr/bin/python3", "-c", "import re,json\nfor i in range(9): re.sub('a+(b|c)*', lambda m: json.dumps({'k': m.group(0)}), 'aabc' * 50)"],
            "malloc memcpy", 40, 2000, From: "__libc_start_main"),
    ];

    public string[] Resolve(string[] command, string output) =>
        [.. command.Select(a => a.Replace("SRC", Folder, StringComparison.Ordinal).Replace("OUT", output, StringComparison.Ordinal))];

    /// <summary>Builds and records into <paramref name="output"/>; the recording's lines, or null with the reason.</summary>
    public string[]? Record(string output, out string reason)
    {
        if (Build is not null && Run(Resolve(Build, output), []) is { } failure)
        {
            reason = $"{Name}: {failure}";
            return null;
        }

        var file = Path.Combine(output, Name + ".jsonl");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["RECORD_OUT"] = file, ["RECORD_BREAKS"] = Breaks, ["RECORD_STATES"] = $"{States}", ["RECORD_STRIDE"] = $"{Stride}", ["RECORD_FROM"] = From,
        };
        failure = Run(["gdb", "-nx", "-batch", "-x", Path.Combine(Folder, "record.py"), "--args", .. Resolve(Command, output)], environment);
        reason = failure is null ? "" : $"{Name}: {failure}";
        return File.Exists(file) && new FileInfo(file).Length > 0 ? File.ReadAllLines(file) : null;
    }

    private static string? Run(string[] command, Dictionary<string, string> environment)
    {
        var info = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(info)!;
            var error = process.StandardError.ReadToEndAsync();
            var text = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromMinutes(3)))
            {
                process.Kill(entireProcessTree: true);
                return $"{command[0]} took more than 3 minutes";
            }

            return process.ExitCode == 0 ? null : $"{command[0]} failed: {text.Result}{error.Result}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"{command[0]} is not installed";
        }
    }
}
