namespace Hud.Cli.Local;

/// <summary>A process as <c>/proc</c> shows it. <see cref="ExePath"/> is empty when the link may not be read.</summary>
internal sealed record ProcessEntry(
    int Pid,
    int ParentPid,
    string Comm,
    string ExePath,
    string CommandLine,
    int Threads
)
{
    /// <summary>Appended by the kernel to the link of an executable that was replaced or removed.</summary>
    private const string DeletedMark = " (deleted)";

    /// <summary>The kernel keeps 15 characters of a name.</summary>
    public const int CommLength = 15;

    public string ExeName => Path.GetFileName(ExeFile);

    public string ExeFile =>
        ExePath.EndsWith(DeletedMark, StringComparison.Ordinal) ? ExePath[..^DeletedMark.Length] : ExePath;

    private string Argv0Name => Path.GetFileName(CommandLine.Split(' ', 2)[0]);

    public bool IsNamed(string name) =>
        Comm == name
        || ExeName == name
        || (name.Length > CommLength && Comm == name[..CommLength] && Argv0Name == name);

    public bool Contains(string part) =>
        Comm.Contains(part, StringComparison.OrdinalIgnoreCase)
        || ExeName.Contains(part, StringComparison.OrdinalIgnoreCase);
}
