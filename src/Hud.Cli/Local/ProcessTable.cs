using System.Globalization;
using System.Text;

namespace Hud.Cli.Local;

/// <summary>Reads <c>/proc</c> (or a folder that looks like it). Processes that end meanwhile are left out.</summary>
internal sealed class ProcessTable(string root)
{
    private const int MaxProcesses = 100_000;
    private const int MaxCommandLine = 4096;

    public static ProcessTable System { get; } = new("/proc");

    /// <summary>Every process that runs a program: no kernel threads, no zombies.</summary>
    public IReadOnlyList<ProcessEntry> List()
    {
        var entries = new List<ProcessEntry>();
        foreach (string folder in Directory.EnumerateDirectories(root).Take(MaxProcesses))
        {
            if (
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && Find(pid) is { } entry
            )
                entries.Add(entry);
        }

        return [.. entries.OrderBy(e => e.Pid)];
    }

    /// <summary>The process with this pid; null when there is none that runs a program.</summary>
    public ProcessEntry? Find(int pid)
    {
        string folder = Path.Combine(root, pid.ToString(CultureInfo.InvariantCulture));
        if (TryReadText(Path.Combine(folder, "status"), 16 * 1024) is not { } status)
            return null;
        var fields = StatusFields(status);
        string commandLine = (TryReadText(Path.Combine(folder, "cmdline"), MaxCommandLine) ?? "")
            .TrimEnd('\0')
            .Replace('\0', ' ');
        string exe = TryReadLink(Path.Combine(folder, "exe"));
        bool zombie = fields.GetValueOrDefault("State", "").StartsWith('Z');
        if (zombie || (exe.Length == 0 && commandLine.Length == 0))
            return null;
        return new ProcessEntry(
            pid,
            Number(fields, "PPid"),
            fields.GetValueOrDefault("Name", ""),
            exe,
            commandLine,
            Number(fields, "Threads")
        );
    }

    /// <summary>The process a thread belongs to: the pid itself, or the thread group's when a thread's id was given.</summary>
    public int? ThreadGroup(int id)
    {
        // /proc/TID opens for every thread although only processes are listed
        var status = TryReadText(Path.Combine(root, id.ToString(CultureInfo.InvariantCulture), "status"), 16 * 1024);
        return status is null ? null
            : Number(StatusFields(status), "Tgid") is > 0 and var tgid ? tgid
            : id;
    }

    // Name:\tdemo
    // Tgid:\t4242
    private static Dictionary<string, string> StatusFields(string status)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in status.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                fields.TryAdd(line[..colon], line[(colon + 1)..].Trim());
        }

        return fields;
    }

    private static int Number(Dictionary<string, string> fields, string name) =>
        int.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out int n)
            ? n
            : 0;

    private static string? TryReadText(string path, int maxBytes)
    {
        try
        {
            using var file = File.OpenRead(path);
            byte[] buffer = new byte[maxBytes];
            int length = file.ReadAtLeast(buffer, maxBytes, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string TryReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
