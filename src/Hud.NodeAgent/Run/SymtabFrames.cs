using Hud.Profiling.Frames;
using Hud.Profiling.Hotspots;
using Hud.Profiling.Stacks;
using Hud.Profiling.Symbols;

namespace Hud.NodeAgent.Run;

/// <summary>Names from the symbol tables of a target's files.</summary>
internal sealed class SymtabFrames(IReadOnlyList<TargetProcess> targets) : IFrameSource
{
    private readonly Dictionary<(int, ulong), Frame> _known = [];

    public IReadOnlyList<Frame> Resolve(int target, ReadOnlySpan<ulong> addresses, bool exact)
    {
        var frames = new Frame[addresses.Length];
        for (int i = 0; i < frames.Length; i++)
            frames[i] = Name(target, addresses[i]);
        return frames;
    }

    private Frame Name(int target, ulong address)
    {
        if (_known.TryGetValue((target, address), out var known))
            return known;
        var frame = Frame.Unresolved("?", address);
        if (targets[target].Modules?.Find(address, out var module) == AddressKind.Module && module is not null)
        {
            ulong elf = module.ToElfAddress(address);
            frame = Frame.Unresolved(module.Path, elf);
            if (module.Elf is not null && module.Elf.Functions.TryFind(elf, out var function) && module.Elf.Functions.NameOf(function) is { Length: > 0 } raw)
            {
                string name = Demangler.Demangle(raw);
                frame = new Frame(name, null, 0, Inlined: false, FrameClassifier.Classify(name, null, module.Path), module.Path);
            }
        }

        return _known[(target, address)] = frame;
    }
}
