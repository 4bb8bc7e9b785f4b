using Hud.Core.Diagnostics;

namespace Hud.Cli.Agent;

/// <summary>Finds <c>hud-agent</c>: where HUD_AGENT points, else beside ourselves.</summary>
internal static class AgentLocator
{
    public const string EnvironmentVariable = "HUD_AGENT";
    private const string FileName = "hud-agent";

    /// <exception cref="DiagnosticException">HUD106.</exception>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } named)
        {
            return IsProgram(named)
                ? named
                : throw Missing(
                    $"{EnvironmentVariable} is {named}, which isn't a program",
                    $"set {EnvironmentVariable} to the path of hud-agent, or unset it to use the one beside hud"
                );
        }

        // a symbolic link to hud must still lead to the folder that both live in
        string self = Environment.ProcessPath ?? "";
        string real = File.ResolveLinkTarget(self, returnFinalTarget: true)?.FullName ?? self;
        string[] folders =
        [
            Path.GetDirectoryName(self) ?? "",
            Path.GetDirectoryName(real) ?? "",
            AppContext.BaseDirectory,
        ];
        return folders.Where(f => f.Length > 0).Select(f => Path.Combine(f, FileName)).FirstOrDefault(IsProgram)
            ?? throw Missing(
                $"{FileName} is not beside hud in {Path.GetDirectoryName(real)}",
                $"install both into one folder, or set {EnvironmentVariable} to its path"
            );
    }

    private static bool IsProgram(string path) =>
        File.Exists(path)
        && (
            File.GetUnixFileMode(path)
            & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)
        ) != UnixFileMode.None;

    private static DiagnosticException Missing(string message, string next) =>
        new(new Diagnostic(DiagnosticKinds.AgentMissing, message, next));
}
