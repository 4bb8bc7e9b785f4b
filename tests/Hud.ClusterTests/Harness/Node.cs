using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hud.ClusterTests.Harness;

/// <summary>The node of our own cluster is this machine: containers are processes that can be looked at and ended.</summary>
internal static partial class Node
{
    /// <summary>The processes of a container, found as the agent finds them: by its id in their cgroup.</summary>
    public static IReadOnlyList<int> Pids(string containerId)
    {
        var id = containerId[(containerId.IndexOf("://", StringComparison.Ordinal) + 3)..];
        return
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(n => int.TryParse(n, out _))
                .Select(n => int.Parse(n!))
                .Where(p => Text($"/proc/{p}/cgroup").Contains(id, StringComparison.Ordinal)),
        ];
    }

    public static IReadOnlyList<int> Pids(JsonNode pod) =>
        [
            .. pod["status"]
                ?["containerStatuses"]?.AsArray()
                .Where(c => c!["containerID"] is not null)
                .SelectMany(c => Pids(c!["containerID"]!.GetValue<string>()))
                ?? [],
        ];

    /// <summary>Not even SIGTERM first.</summary>
    public static void Kill(IReadOnlyList<int> pids)
    {
        Assert.NotEmpty(pids);
        foreach (var pid in pids)
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(pid);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // ended with another one of its container
            }
        }
    }

    /// <summary>Ids of the BPF links and programs that a process holds.</summary>
    public static IReadOnlyList<(string Kind, int Id)> Bpf(int pid)
    {
        var found = new List<(string, int)>();
        try
        {
            foreach (var file in Directory.GetFiles($"/proc/{pid}/fdinfo"))
                found.AddRange(
                    BpfId().Matches(Text(file)).Select(m => (m.Groups["kind"].Value, int.Parse(m.Groups["id"].Value)))
                );
        }
        catch (DirectoryNotFoundException)
        {
            // ended
        }
        return found;
    }

    // link_id:	12  prog_id:	34
    [GeneratedRegex(
        @"^(?<kind>link|prog)_id:\s+(?<id>\d+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex BpfId();

    /// <summary>A field of a process's or thread's status; empty where the kernel does not have it.</summary>
    /// <param name="folder">E.g. <c>/proc/1/task/1</c>.</param>
    public static string StatusField(string folder, string name) =>
        Text(folder + "/status")
            .Split('\n')
            .FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))
            ?[(name.Length + 1)..].Trim()
        ?? "";

    /// <summary>The most memory the process ever had, in KiB.</summary>
    public static int PeakKib(int pid) =>
        int.Parse(
            Text($"/proc/{pid}/status")
                .Split('\n')
                .First(l => l.StartsWith("VmHWM", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]
        );

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
