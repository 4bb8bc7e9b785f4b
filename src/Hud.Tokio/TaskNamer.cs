using Hud.Elf;
using Hud.Symbolization;
using Iced.Intel;

namespace Hud.Tokio;

/// <summary>
/// The future's type behind a vtable, as people wrote it (<c>checkout::login</c> for an async fn), from the most exact
/// source there is: the generics of a v0 symbol; the destructor that dealloc calls, whose legacy symbol spells the
/// task cell's type; else the first function of neither std nor tokio on the way down from poll. Where identical functions
/// were merged into one, their names contradict each other, and none of them is taken.
/// </summary>
public sealed class TaskNamer(ElfFile elf)
{
    private const int MaxDepth = 6;
    private const int MaxFunctions = 64;
    private const int MaxFunctionBytes = 64 * 1024;
    private const int MaxNamesOfOne = 16;
    private const int MaxWrappers = 8;

    /// <summary>A future of a web framework can have a type of thousands of characters, and it stands in every status and list.</summary>
    private const int MaxName = 160;

    /// <summary>Futures around the one that people wrote, by the last part of their path.</summary>
    private static readonly string[] Wrappers =
    [
        "Instrumented",
        "WithDispatch",
        "WithContext",
        "Pin",
        "Box",
        "Unconstrained",
        "AssertUnwindSafe",
        "CatchUnwind",
        "Abortable",
        "Fuse",
    ];

    internal const string WorkerLoop = "::scheduler::multi_thread::worker::";

    private static readonly string[] CellMarks =
    [
        "runtime::task::core::Cell<",
        "runtime::task::core::Stage<",
        "runtime::task::core::CoreStage<",
        "runtime::task::harness::Harness<",
        "runtime::task::raw::poll::<",
        "runtime::task::raw::poll<",
    ];

    /// <summary>
    /// Empty when it is unknown: then the first user frame of a stack names it. A destructor that several types share is named after one
    /// of them, and the linker need not keep the other names: two types of one scheduler that it gives the same name both have none.
    /// </summary>
    /// <returns>In the order of the vtables.</returns>
    public string[] Name(IReadOnlyList<TaskVtable> vtables)
    {
        ArgumentNullException.ThrowIfNull(vtables);
        var found = vtables.Select(NameOfTask).ToList();
        var owners = new Dictionary<(ulong Schedule, string Name), ulong>();
        var shared = new HashSet<(ulong Schedule, string Name)>();
        for (int i = 0; i < found.Count; i++)
        {
            var key = (vtables[i].Schedule, found[i].Name);
            if (!found[i].Own && owners.TryAdd(key, vtables[i].Poll) is false && owners[key] != vtables[i].Poll)
                shared.Add(key);
        }

        return
        [
            .. found.Select(
                (f, i) =>
                    Readable(
                        f.Name.Length > 0 && (f.Own || !shared.Contains((vtables[i].Schedule, f.Name)))
                            ? f.Name
                            : Walk(vtables[i].Poll, static name => IsForeign(name) ? null : name) ?? ""
                    )
            ),
        ];
    }

    /// <summary>
    /// A blocking task that is the main loop of a worker: one that starts with its runtime, or one that takes over in block_in_place. Both
    /// hold the same, so their destructors are often one.
    /// </summary>
    public bool IsWorkerLoop(in TaskVtable vtable)
    {
        if (Agreed(NamesAt(vtable.Poll), LoopOrType) is { Length: > 0 } own)
            return own == WorkerLoop;
        foreach (ulong start in (ReadOnlySpan<ulong>)[vtable.Dealloc, vtable.Shutdown, vtable.Poll])
        {
            if (Walk(start, LoopOrType) is { } cell)
                return cell == WorkerLoop;
        }

        return false;
    }

    internal static string? LoopOrType(string name) =>
        TypeArgument(name) is not { } type ? null
        : type.Contains("BlockingTask", StringComparison.Ordinal) && type.Contains(WorkerLoop, StringComparison.Ordinal)
            ? WorkerLoop
        : type;

    /// <returns>Own: known by its poll function, which no other type has.</returns>
    private (string Name, bool Own) NameOfTask(TaskVtable vtable) =>
        NameOfPoll(vtable) is { Length: > 0 } own ? (own, true) : (NameOfCell(vtable), false);

    private string NameOfPoll(in TaskVtable vtable) => Agreed(NamesAt(vtable.Poll), TypeArgument) ?? "";

    private string NameOfCell(in TaskVtable vtable)
    {
        foreach (ulong start in (ReadOnlySpan<ulong>)[vtable.Dealloc, vtable.Shutdown, vtable.Poll])
        {
            if (Walk(start, static name => TypeArgument(name)) is { } cell)
                return cell;
        }

        return "";
    }

    /// <summary>The first type argument after the cell, the harness or poll itself; null when there is none.</summary>
    internal static string? TypeArgument(string name)
    {
        foreach (string mark in CellMarks)
        {
            int at = name.IndexOf(mark, StringComparison.Ordinal);
            if (at < 0)
                continue;
            int start = at + mark.Length,
                depth = 0;
            for (int i = start; i < name.Length; i++)
            {
                char c = name[i];
                if (c is '<' or '(' or '[')
                {
                    depth++;
                }
                else if (c is '>' && i > 0 && name[i - 1] == '-')
                {
                    // the arrow of a function type
                }
                else if (depth == 0 && c is ',' or '>' && depth == 0)
                {
                    string argument = name[start..i].Trim();
                    return IsParameter(argument) ? null : argument;
                }
                else if (c is '>' or ')' or ']')
                {
                    depth--;
                }
            }
        }

        return null;
    }

    /// <summary><c>checkout::login::{{closure}}</c> or <c>::{async_fn_env#0}</c> is the async fn <c>checkout::login</c>.</summary>
    internal static string Readable(string type)
    {
        string text = Unwrapped(type.Trim());
        while (text.EndsWith('}') && text.LastIndexOf("::{", StringComparison.Ordinal) is > 0 and int at)
            text = text[..at];
        for (int depth = 4; text.Length > MaxName && depth > 0; depth--)
            text = Elided(text, depth);
        return text.Length <= MaxName ? text : text[..(MaxName - 2)] + "..";
    }

    /// <summary>What is nested deeper than this gives way to two dots: <c>Router&lt;..&gt;</c>.</summary>
    private static string Elided(string type, int most)
    {
        var text = new System.Text.StringBuilder();
        int depth = 0;
        for (int i = 0; i < type.Length; i++)
        {
            char c = type[i];
            bool closes = c is ')' or ']' || (c is '>' && (i == 0 || type[i - 1] != '-'));
            if (closes)
                depth--;
            if (depth <= most)
                text.Append(c);
            if (c is not ('<' or '(' or '['))
                continue;
            if (depth++ == most)
                text.Append("..");
        }

        return text.ToString();
    }

    /// <summary>The <c>T</c> of a symbol that does not say for which type it was made.</summary>
    private static bool IsParameter(string argument) =>
        argument.Length is > 0 and <= 2
        && char.IsAsciiLetterUpper(argument[0])
        && argument.All(char.IsAsciiLetterOrDigit);

    private static string Unwrapped(string type)
    {
        for (int i = 0; i < MaxWrappers; i++)
        {
            int open = type.IndexOf('<', StringComparison.Ordinal);
            if (open <= 0 || !type.EndsWith('>'))
                break;
            string path = type[..open].TrimEnd(':');
            string last = path[(path.LastIndexOf(':') + 1)..];
            if (!Wrappers.Contains(last, StringComparer.Ordinal))
                break;
            string inner = FirstArgument(type, open + 1);
            if (inner.Length == 0 || IsParameter(inner) || inner.StartsWith("dyn ", StringComparison.Ordinal))
                break;
            type = inner;
        }

        return type;
    }

    private static string FirstArgument(string type, int start)
    {
        int depth = 0;
        for (int i = start; i < type.Length; i++)
        {
            char c = type[i];
            if (c is '<' or '(' or '[')
                depth++;
            else if (depth == 0 && c is ',' or '>' && depth == 0)
                return type[start..i].Trim();
            else if (c is ')' or ']' || (c is '>' && type[i - 1] != '-'))
                depth--;
        }

        return "";
    }

    /// <summary>What all names say that say anything; null where two of them differ.</summary>
    internal static string? Agreed(IEnumerable<string> names, Func<string, string?> read)
    {
        var answers = Answers(names, read);
        return answers.Count == 1 ? answers[0] : null;
    }

    /// <summary>Up to two that differ.</summary>
    private static List<string> Answers(IEnumerable<string> names, Func<string, string?> read) =>
        [.. names.Select(read).OfType<string>().Where(a => a.Length > 0).Distinct(StringComparer.Ordinal).Take(2)];

    /// <summary>Breadth first over direct calls and jumps, through std and tokio only, until a name is accepted.</summary>
    /// <returns>Empty where names contradict each other, null where none was met.</returns>
    private string? Walk(ulong start, Func<string, string?> accept)
    {
        var seen = new HashSet<ulong> { start };
        var queue = new Queue<(ulong Address, int Depth)>();
        queue.Enqueue((start, 0));
        while (queue.Count > 0 && seen.Count < MaxFunctions)
        {
            var (address, depth) = queue.Dequeue();
            foreach (ulong target in Callees(address))
            {
                if (!seen.Add(target))
                    continue;
                var names = NamesAt(target);
                var answers = Answers(names, accept);
                if (answers.Count == 1)
                    return answers[0];
                // merged with those of other types: all that follows is as well, even where but one of its names was kept
                if (answers.Count > 1)
                    return "";
                if (depth < MaxDepth && names.Exists(IsOnTheWay))
                    queue.Enqueue((target, depth + 1));
            }
        }

        return null;
    }

    private List<ulong> Callees(ulong address)
    {
        var targets = new List<ulong>();
        int size =
            elf.Functions.TryFind(address, out var function) && function.Size > 0
                ? (int)Math.Min(function.Size, MaxFunctionBytes)
                : 64;
        byte[] code = new byte[size];
        if (elf.Machine != ElfMachine.X64 || !elf.TryReadAt(address, code))
            return targets;
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code), address);
        while (decoder.IP < address + (ulong)size)
        {
            var instruction = decoder.Decode();
            if (instruction.IsInvalid)
                break;
            if (
                instruction.FlowControl
                    is FlowControl.Call
                        or FlowControl.UnconditionalBranch
                        or FlowControl.ConditionalBranch
                && instruction.NearBranchTarget is var target
                && (target < address || target >= address + (ulong)size)
                && elf.IsExecutableAddress(target)
            )
            {
                targets.Add(target);
            }
        }

        return targets;
    }

    private static bool IsOnTheWay(string name) =>
        name.Contains("tokio::runtime::task", StringComparison.Ordinal)
        || name.StartsWith("core::ptr::drop_in_place", StringComparison.Ordinal)
        || name.Contains("tracing::instrument::Instrumented", StringComparison.Ordinal);

    private List<string> NamesAt(ulong address)
    {
        var names = new List<string>();
        if (!elf.Functions.TryFind(address, out var function))
            return names;
        foreach (var one in elf.Functions.At(function))
        {
            if (names.Count < MaxNamesOfOne && Demangler.Demangle(elf.Functions.NameOf(one)) is { Length: > 0 } name)
                names.Add(name);
        }

        return names;
    }

    private static bool IsForeign(string name)
    {
        string path = name.TrimStart('<', '&', '*', '(');
        foreach (
            string prefix in (ReadOnlySpan<string>)
                [
                    "tokio::",
                    "core::",
                    "std::",
                    "alloc::",
                    "__rust",
                    "mio::",
                    "futures_",
                    "tracing",
                    "_",
                    "mem",
                    "hyper::",
                    "tower",
                ]
        )
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return !name.Contains("::", StringComparison.Ordinal);
    }
}
