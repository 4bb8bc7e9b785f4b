using System.ComponentModel;
using System.Diagnostics;

namespace Hud.Unwinding.Tests;

/// <summary>Builds a program and lets gdb record it.</summary>
internal sealed class Recorder(string output)
{
    private static string Crates =>
        Path.Combine(
            Environment.GetEnvironmentVariable("HUD_CACHE")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "hud"),
            "crates"
        );

    /// <summary>The recording's lines, or null with the reason.</summary>
    public string[]? Record(RecordedProgram program, out string reason)
    {
        if (program.Build is { } build)
        {
            CopySources();
            if (Tools.Run(Resolve(build), []) is { } failure)
            {
                reason = $"{program.Name}: {failure}";
                return null;
            }
        }

        var file = Path.Combine(output, program.Name + ".jsonl");
        var error = Tools.Run(
            [
                program.Arm ? "gdb-multiarch" : "gdb",
                "-nx",
                "-batch",
                "-x",
                Path.Combine(RecordedProgram.Folder, "record.py"),
                "--args",
                .. Resolve(program.Command),
            ],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["RECORD_OUT"] = file,
                ["RECORD_BREAKS"] = program.Breaks,
                ["RECORD_STATES"] = $"{program.States}",
                ["RECORD_STRIDE"] = $"{program.Stride}",
                ["RECORD_FROM"] = program.From,
                ["RECORD_WHOLE"] = program.Whole ? "1" : "",
                ["RECORD_ARCH"] = program.Arm ? "aarch64" : "x86_64",
            }
        );
        reason = error is null ? "" : $"{program.Name}: {error}";
        return File.Exists(file) && new FileInfo(file).Length > 0 ? File.ReadAllLines(file) : null;
    }

    private string[] Resolve(string[] command) =>
        [
            .. command.Select(a =>
                a.Replace("SRC", RecordedProgram.Folder, StringComparison.Ordinal)
                    .Replace("OUT", output, StringComparison.Ordinal)
                    .Replace("CRATES", Crates, StringComparison.Ordinal)
            ),
        ];

    // cargo writes its lock file beside the manifest, so it gets a copy of its own
    private void CopySources()
    {
        var from = Path.Combine(RecordedProgram.Folder, "tokio");
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(output, "src-tokio", Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to, overwrite: true);
        }
    }
}
