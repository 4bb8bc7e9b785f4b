using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Elf;
using Hud.Frames;
using Hud.Symbolization;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>A target's code, and where its files are seen from here.</summary>
/// <param name="Root"><c>/proc/PID/root</c>: debug files that the container carries are looked for below it; null leaves that out</param>
public sealed record TargetCode(IModuleLookup Modules, string? Root);

/// <summary>Names for stacks of the targets of one run: run-time addresses to modules to frames, with the kernel's own frames where
/// its symbols are readable.</summary>
public sealed class SymbolizedFrames(
    ISymbolizer symbolizer,
    Func<TargetId, TargetCode?> targets,
    Func<KernelSymbols>? kernel = null
) : IFrameSource
{
    private readonly Dictionary<(string, string?), ModuleRef> modules = [];
    private readonly Dictionary<ModuleRef, TokioSignatures> signatures = new(ReferenceEqualityComparer.Instance);
    private readonly Lazy<KernelSymbols> kernelSymbols = new(kernel ?? (static () => KernelSymbols.Load()));

    /// <summary>Modules that were asked about, for <see cref="Symbolizer.Warning"/>.</summary>
    public IReadOnlyCollection<ModuleRef> Modules => modules.Values;

    /// <param name="addresses">leaf first, pc - 1 for callers</param>
    public IReadOnlyList<Frame> Resolve(TargetId target, ReadOnlySpan<ulong> addresses, bool exact)
    {
        var code = targets(target);
        var frames = new Frame[addresses.Length][];
        var questions = new Dictionary<ModuleRef, List<(int At, ulong Address)>>();
        for (var i = 0; i < addresses.Length; i++)
        {
            var address = addresses[i];
            if (address >= KernelSymbols.FirstAddress)
            {
                frames[i] = Kernel(address);
            }
            else if (
                code is not null
                && code.Modules.Find(address, out var module) == AddressKind.Module
                && module is not null
            )
            {
                var file = Reference(module, code.Root);
                if (!questions.TryGetValue(file, out var list))
                {
                    questions[file] = list = [];
                }

                list.Add((i, module.ToElfAddress(address)));
            }
            else
            {
                frames[i] = [Frame.Unresolved("?", address)];
            }
        }

        foreach (var (file, list) in questions)
        {
            var answers = symbolizer.Resolve(
                file,
                list.ConvertAll(q => q.Address).ToArray(),
                exact ? NameDetail.Lines : NameDetail.Symbols
            );
            for (var i = 0; i < answers.Length; i++)
            {
                frames[list[i].At] = answers[i] is [{ Kind: FrameKind.Unknown } nameless]
                    ? [Recognise(file, list[i].Address, nameless)]
                    : answers[i];
            }
        }

        return [.. frames.SelectMany(f => f)];
    }

    /// <summary>A few functions of Tokio are known even without symbols; one of them shows that a poll blocks no worker.</summary>
    private Frame Recognise(ModuleRef file, ulong address, Frame nameless)
    {
        if (file.Elf is null)
        {
            return nameless;
        }

        if (!signatures.TryGetValue(file, out var known))
        {
            signatures[file] = known = TokioSignatures.Find(file.Elf);
        }

        return known.TryName(address, out var name)
            ? nameless with
            {
                Function = name,
                Kind = FrameKind.Runtime,
            }
            : nameless;
    }

    /// <summary>
    /// Nothing where the kernel keeps its names to itself. The scheduler, through which every sleeper goes, and the entry from the
    /// program are left out: what lies between is what it waited for.
    /// </summary>
    private Frame[] Kernel(ulong address) =>
        kernelSymbols.Value.TryFind(address, out var name) && !IsPassage(name)
            ? [new Frame(name, null, 0, Inlined: false, FrameKind.Kernel, "[kernel]")]
            : [];

    private static bool IsPassage(string name) =>
        name
            is "schedule"
                or "__schedule"
                or "io_schedule"
                or "do_syscall_64"
                or "x64_sys_call"
                or "do_el0_svc"
                or "el0_svc"
                or "invoke_syscall"
        || name.StartsWith("schedule_", StringComparison.Ordinal)
        || name.StartsWith("entry_SYSCALL", StringComparison.Ordinal)
        || name.StartsWith("el0", StringComparison.Ordinal)
        || name.StartsWith("__x64_sys_", StringComparison.Ordinal)
        || name.StartsWith("__arm64_sys_", StringComparison.Ordinal);

    private ModuleRef Reference(Module module, string? root)
    {
        // one object per file, so that addresses of the same file are asked together
        var key = (module.Elf?.ContentKey ?? module.Path, root);
        if (!modules.TryGetValue(key, out var reference))
        {
            var open = module.Elf?.Source is FileByteSource file ? file.DescriptorPath : "";
            reference = new ModuleRef(module.Path, open, module.Elf) { Root = root };
            modules[key] = reference;
        }

        return reference;
    }
}
