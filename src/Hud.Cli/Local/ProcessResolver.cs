using System.Globalization;
using Hud.Cli.Commands;
using Hud.Cli.Session;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Local;

/// <summary>What the command line says about the process; at least one is set.</summary>
internal sealed record ProcessQuery(string? Name, int? Pid, string? Executable);

/// <summary>From what the user named to exactly one process. Pure: the table comes in.</summary>
internal static class ProcessResolver
{
    private const int MaxListed = 12;

    /// <param name="self">Our own pid: neither we nor those who started us (sudo, a shell) are meant.</param>
    /// <param name="verbs">Words that could have been meant instead of a process.</param>
    /// <param name="pick">Asks which of several is meant; null where there is no user to ask.</param>
    /// <exception cref="DiagnosticException">HUD001 or HUD002, with the processes to choose from.</exception>
    public static ProcessEntry Resolve(
        ProcessQuery query,
        IReadOnlyList<ProcessEntry> processes,
        int self,
        IReadOnlyList<string>? verbs = null,
        Func<IReadOnlyList<ProcessEntry>, ProcessEntry?>? pick = null
    )
    {
        if (query.Pid is { } pid)
        {
            var found =
                processes.FirstOrDefault(p => p.Pid == pid)
                ?? throw NoSuch($"no process has the pid {pid}", "list the candidates with: ps -eo pid,comm,args");
            if (query.Name is { } n && !found.IsNamed(n) && !found.Contains(n))
                throw NoSuch($"process {pid} is {Clean(found.Comm, 40)}, not {n}", "leave out the name or the pid");
            if (query.Executable is { } e && !RunsExecutable(found, e))
                throw NoSuch(
                    $"process {pid} runs {Clean(found.ExeFile, 200)}, not {e}",
                    "leave out --target or the pid"
                );
            return found;
        }

        var ours = Ancestors(processes, self);
        var others = processes.Where(p => !ours.Contains(p.Pid)).ToList();
        var candidates = others;
        if (query.Executable is { } executable)
            candidates = [.. others.Where(p => RunsExecutable(p, executable))];

        var matches = query.Name is null ? candidates : [.. candidates.Where(p => p.IsNamed(query.Name))];
        if (matches.Count == 0 && query.Name is not null)
            matches = [.. candidates.Where(p => p.Contains(query.Name))];
        if (matches.Count == 1)
            return matches[0];

        string what =
            query.Name is null ? $"runs {query.Executable}"
            : query.Executable is null ? $"is named {query.Name}"
            : $"is named {query.Name} and runs {query.Executable}";
        if (matches.Count == 0)
        {
            throw NoSuch(
                $"no process {what}{DidYouMean(query, others, verbs ?? [])}",
                query.Name is { } name && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                    ? $"no process has this pid either; list the candidates with: ps -eo pid,comm,args"
                    : "start it first, or list the candidates with: ps -eo pid,comm,args"
            );
        }

        if (pick?.Invoke(matches) is { } picked)
            return picked;
        throw new DiagnosticException(
            new Diagnostic(
                DiagnosticKinds.SeveralProcesses,
                $"{matches.Count} processes match: each {what}\n{Table(matches)}",
                $"name one by its pid: hud --pid {matches[0].Pid}"
            )
        );
    }

    /// <summary>
    /// By what the processes of a run are known that goes on when one ends: the path of the executable, where one is named or a process is
    /// named by its pid, else the name. There need be none yet.
    /// </summary>
    /// <exception cref="DiagnosticException">No process has the pid, or it is not the one that is named.</exception>
    public static string FollowedName(ProcessQuery query, IReadOnlyList<ProcessEntry> processes, int self)
    {
        if (query is { Name: not null, Executable: not null })
            throw new DiagnosticException(
                new Diagnostic(
                    DiagnosticKinds.BadUsage,
                    "--follow follows a name or an executable, not both",
                    "leave out --target, or the name"
                )
            );
        if (query.Pid is not null)
            return Resolve(query, processes, self) is { ExeFile.Length: > 0 } found
                ? found.ExeFile
                : Resolve(query, processes, self).Comm;
        if (query.Executable is { } executable)
            return executable.Contains('/') ? Path.GetFullPath(executable) : executable;
        string name = query.Name!;
        var ours = Ancestors(processes, self);
        var others = processes.Where(p => !ours.Contains(p.Pid)).ToList();
        if (others.Exists(p => p.IsNamed(name)))
            return name;
        // a part of a name finds a process as it does without --follow; the next one will have the same name
        var like = others.Where(p => p.Contains(name)).Select(p => p.Comm).Distinct(StringComparer.Ordinal).ToList();
        return like.Count == 1 ? like[0] : name;
    }

    private static string DidYouMean(
        ProcessQuery query,
        IReadOnlyList<ProcessEntry> candidates,
        IReadOnlyList<string> verbs
    )
    {
        string written = query.Name ?? Path.GetFileName(query.Executable ?? "");
        if (query.Name is not null && Suggestion.For(written, verbs) is { } verb)
            return $"; did you mean the verb, hud {verb}?";
        var near = candidates
            .Where(p => p.Threads > 1)
            .SelectMany(p => new[] { p.ExeName, p.Comm })
            .Where(CompletionVerb.IsPlain);
        if (Suggestion.For(written, near) is not { } name)
            return "";
        // --target is mostly a path: what to type is the whole of it
        string? path =
            query.Executable?.Contains('/') == true ? candidates.FirstOrDefault(p => p.ExeName == name)?.ExeFile : null;
        return $"; did you mean {Clean(path ?? name, 200)}?";
    }

    private static bool RunsExecutable(ProcessEntry process, string executable) =>
        executable.Contains('/') ? process.ExeFile == Path.GetFullPath(executable) : process.ExeName == executable;

    private static HashSet<int> Ancestors(IReadOnlyList<ProcessEntry> processes, int self)
    {
        var parents = processes.ToDictionary(p => p.Pid, p => p.ParentPid);
        var chain = new HashSet<int> { self };
        for (int pid = self; parents.TryGetValue(pid, out int parent) && parent > 1 && chain.Add(parent); )
            pid = parent;
        return chain;
    }

    /// <summary>One line each, with what distinguishes processes of one name: pid, threads and arguments.</summary>
    public static string Line(ProcessEntry p, int width = 52) =>
        $"{p.Pid, 8}  {Words.Plural(p.Threads, "thread"), -11}  {Clean(p.CommandLine.Length > 0 ? p.CommandLine : p.Comm, width)}";

    private static string Table(List<ProcessEntry> matches)
    {
        var lines = matches.Take(MaxListed).Select(p => "  " + Line(p)).ToList();
        if (matches.Count > MaxListed)
            lines.Add($"  and {matches.Count - MaxListed} more");
        return string.Join('\n', lines);
    }

    private static string Clean(string text, int width) => Printable.Fit(Printable.Clean(text), width);

    private static DiagnosticException NoSuch(string message, string next) =>
        new(new Diagnostic(DiagnosticKinds.NoSuchProcess, message, next));
}
