using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Hud.NodeAgent.Tests.Kernel;

/// <summary>What a C compiler says of bpf/hud_abi.h.</summary>
internal sealed partial class AbiHeader
{
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);

    public List<(string Struct, string Field, long Offset, long Size)> Fields { get; } = [];

    public List<(string Enum, string Name, long Value)> Constants { get; } = [];

    public static string Folder { get; } = FindFolder();

    public long Size(string name) => _sizes[name];

    /// <summary>Null when there is no compiler.</summary>
    public static AbiHeader? Compile()
    {
        string text = Comment().Replace(File.ReadAllText(Path.Combine(Folder, "hud_abi.h")), "");
        var c = new StringBuilder(
            "#include <stdio.h>\n#include <stddef.h>\n#include \"hud_abi.h\"\nint main(void) {\n"
        );
        foreach (Match declared in Struct().Matches(text))
        {
            string name = declared.Groups["name"].Value;
            c.AppendLine($"printf(\"size {name} - %zu 0\\n\", sizeof(struct {name}));");
            foreach (Match field in Field().Matches(declared.Groups["body"].Value))
            {
                string member = field.Groups["name"].Value;
                c.AppendLine(
                    $"printf(\"field {name} {member} %zu %zu\\n\", offsetof(struct {name}, {member}), sizeof(((struct {name} *)0)->{member}));"
                );
            }
        }

        foreach (Match declared in EnumBlock().Matches(text))
        {
            string owner = declared.Groups["name"].Value is { Length: > 0 } given ? given : "-";
            foreach (Match constant in Constant().Matches(declared.Groups["body"].Value))
                c.AppendLine(
                    $"printf(\"constant {owner} {constant.Groups["name"].Value} %lld 0\\n\", (long long){constant.Groups["name"].Value});"
                );
        }

        c.AppendLine("return 0; }");
        string folder = Directory.CreateTempSubdirectory("hud-abi-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "abi.c"), c.ToString());
            foreach (string compiler in (string[])["clang-19", "gcc", "clang", "cc"])
            {
                if (
                    Run(
                        compiler,
                        "-Wall",
                        "-Werror",
                        "-I",
                        Folder,
                        Path.Combine(folder, "abi.c"),
                        "-o",
                        Path.Combine(folder, "abi")
                    )
                    is not null
                )
                    return Parse(Run(Path.Combine(folder, "abi"))!);
            }

            return null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static AbiHeader Parse(string output)
    {
        var header = new AbiHeader();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            long first = long.Parse(words[3]),
                second = long.Parse(words[4]);
            switch (words[0])
            {
                case "size":
                    header._sizes.Add(words[1], first);
                    break;
                case "field":
                    header.Fields.Add((words[1], words[2], first, second));
                    break;
                default:
                    header.Constants.Add((words[1] == "-" ? "" : words[1], words[2], first));
                    break;
            }
        }

        return header;
    }

    /// <summary>Its output; null when it is not installed. A compiler that refuses the header fails the test.</summary>
    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    UseShellExecute = false,
                }
            )!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program}: {errors.Result}");
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string FindFolder([CallerFilePath] string caller = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(caller)!, "../../../bpf"));

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(
        @"struct (?<name>\w+) \{(?<body>.*?)\};",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Struct();

    [GeneratedRegex(@"(?<name>\w+)(\[[^\]]*\])?;", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Field();

    [GeneratedRegex(
        @"enum\s*(?<name>\w*)\s*\{(?<body>.*?)\};",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex EnumBlock();

    [GeneratedRegex(@"(?<name>\w+) = \d+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Constant();
}
