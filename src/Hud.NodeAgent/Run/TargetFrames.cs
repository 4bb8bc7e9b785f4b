using Hud.Profiling.Elf;
using Hud.Profiling.Frames;
using Hud.Profiling.Hotspots;
using Hud.Profiling.Stacks;
using Hud.Profiling.Symbols;

namespace Hud.NodeAgent.Run;

/// <summary>Names for a target's addresses, through the modules it has mapped.</summary>
internal sealed class TargetFrames(IReadOnlyList<TargetProcess> targets, Symbolizer symbolizer) : IFrameSource
{
    private readonly Dictionary<string, ModuleRef> _modules = new(StringComparer.Ordinal);

    public IReadOnlyList<Frame> Resolve(int target, ReadOnlySpan<ulong> addresses, bool exact)
    {
        var frames = new List<Frame>(addresses.Length);
        for (int i = 0; i < addresses.Length;)
        {
            if (targets[target].Modules?.Find(addresses[i], out var module) != AddressKind.Module || module?.Elf is null)
            {
                frames.Add(Frame.Unresolved("?", addresses[i++]));
                continue;
            }

            // neighbours are mostly of one module: one question for all of them
            var run = new List<ulong>();
            while (i < addresses.Length && module.Contains(addresses[i]))
                run.Add(module.ToElfAddress(addresses[i++]));
            foreach (var named in symbolizer.Resolve(Ref(module), run.ToArray(), exact ? NameDetail.Lines : NameDetail.Symbols))
                frames.AddRange(named);
        }

        return frames;
    }

    private ModuleRef Ref(Module module)
    {
        string key = module.BuildId ?? module.Path;
        if (_modules.TryGetValue(key, out var known))
            return known;
        string open = module.Elf!.Source is FileByteSource file ? file.DescriptorPath : "";
        return _modules[key] = ModuleRef.Of(module.Path, open, module.Elf);
    }

    /// <summary>What the programs' builds lack; libraries of the system are not the user's to rebuild.</summary>
    public IEnumerable<string> Warnings() =>
        _modules.Values.Where(m => targets.Any(t => t.Executable == m.Path)).Select(symbolizer.Warning).OfType<string>();
}
