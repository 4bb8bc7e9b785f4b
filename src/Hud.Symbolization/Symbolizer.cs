using System.Runtime.InteropServices;
using Hud.Elf;
using Hud.Frames;

namespace Hud.Symbolization;

/// <summary>Names for addresses of all targets, cached by content. Symbols are read here, by the bounded ELF reader; debug
/// information by the helper. Thread-safe: one question at a time.</summary>
public sealed class Symbolizer : ISymbolizer, IDisposable
{
    private sealed class FileState(uint number)
    {
        public readonly uint Number = number;
        public bool? HasDebugInfo;
        public bool GivenUp;
        public string Error = "";

        /// <summary>Opened once, for the helper.</summary>
        public FileByteSource? Main;
        public DebugFileSet Debug = DebugFileSet.None;
        public bool Opened;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Key(uint File, ulong Address, NameDetail Detail);

    private readonly Lock gate = new();
    private readonly SymbolizerClient client;
    private readonly FrameNaming naming = new();
    private readonly SymbolizerOptions options;
    private readonly Dictionary<string, FileState> files = new(StringComparer.Ordinal);
    private int opened;
    private Dictionary<Key, Frame[]> young = [];
    private Dictionary<Key, Frame[]> old = [];

    /// <param name="start">starts the helper; called again after it died. Null: this program with the hidden verb.</param>
    public Symbolizer(
        SymbolizerOptions? options = null,
        Func<ISymbolizerProcess>? start = null,
        TimeProvider? time = null
    )
    {
        this.options = options ?? new SymbolizerOptions();
        client = new SymbolizerClient(
            start ?? (() => SymbolizerProcess.Start(debuginfodUrls: this.options.DebuginfodUrls)),
            time ?? TimeProvider.System,
            this.options
        );
    }

    public SymbolizerStatistics Statistics { get; } = new();

    internal int CachedAddresses => young.Count + old.Count;

    /// <summary>Times the helper died or was too slow; its files are named from symbol tables only.</summary>
    public int HelperFailures => client.Failures;

    public int? HelperProcessId => client.ProcessId;

    public Frame[][] Resolve(ModuleRef module, ReadOnlySpan<ulong> elfAddresses, NameDetail detail = NameDetail.Lines)
    {
        ArgumentNullException.ThrowIfNull(module);
        lock (gate)
        {
            var file = StateOf(module);
            var result = new Frame[elfAddresses.Length][];
            var missing = new List<int>();
            for (var i = 0; i < elfAddresses.Length; i++)
            {
                if (!TryCached(new Key(file.Number, elfAddresses[i], detail), out result[i]!))
                {
                    missing.Add(i);
                }
            }

            if (missing.Count > 0)
            {
                Fill(module, file, elfAddresses, missing, detail, result);
            }

            return result;
        }
    }

    /// <summary>What to report about missing names and lines of a module that was asked about; null when all is well.</summary>
    public (string Text, string NextStep)? Warning(ModuleRef module)
    {
        ArgumentNullException.ThrowIfNull(module);
        lock (gate)
        {
            var file = StateOf(module);
            return NamesWarning.For(module, file.HasDebugInfo ?? true, file.GivenUp, file.Error);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            client.Dispose();
            foreach (var file in files.Values)
            {
                file.Main?.Dispose();
                file.Debug.Dispose();
            }
        }
    }

    private void Fill(
        ModuleRef module,
        FileState file,
        ReadOnlySpan<ulong> addresses,
        List<int> missing,
        NameDetail detail,
        Frame[][] result
    )
    {
        // the same address twice in one question is asked once
        var distinct = new Dictionary<ulong, Frame[]>(missing.Count);
        foreach (var i in missing)
        {
            distinct.TryAdd(addresses[i], []);
        }

        var wanted = new ulong[distinct.Count];
        distinct.Keys.CopyTo(wanted, 0);
        Array.Sort(wanted);
        foreach (var batch in wanted.Chunk(DwarfLimits.MaxAddressesPerRequest))
        {
            var locations = detail == NameDetail.Lines ? Ask(module, file, batch) : null;
            for (var i = 0; i < batch.Length; i++)
            {
                var frames = naming.Name(module, batch[i], locations?[i] ?? RawLocation.Nothing);
                distinct[batch[i]] = frames;
                Keep(new Key(file.Number, batch[i], detail), frames);
                Statistics.Count(frames);
            }
        }

        foreach (var i in missing)
        {
            result[i] = distinct[addresses[i]];
        }
    }

    private RawLocation[]? Ask(ModuleRef module, FileState file, ulong[] addresses)
    {
        if (file.GivenUp || module.OpenPath.Length == 0)
        {
            return null;
        }

        if (!file.Opened && ++opened > options.MaxOpenModules)
        {
            file.Opened = true;
            file.Error = $"{options.MaxOpenModules} other files are open for that already";
        }

        if (!TryOpen(module, file))
        {
            file.GivenUp = true;
            return null;
        }

        var wantSymbols = module.Elf is not { Functions.HasFullTable: true };
        var answer = client.Ask(
            new SymbolizerRequest(
                file.Number,
                file.Main!.Handle,
                file.Debug.Debug?.Handle,
                file.Debug.Alternative?.Handle,
                file.Debug.AlternativeName,
                module.Path,
                wantSymbols,
                addresses
            )
        );
        if (answer is null)
        {
            file.GivenUp = true;
            file.Error = client.LastError;
            return null;
        }

        file.Error = answer.Error;
        file.GivenUp = answer.Error.Length > 0;
        file.HasDebugInfo = answer.HasDebugInfo;
        return answer.Error.Length > 0 ? null : answer.Locations;
    }

    /// <summary>Opens the module and what else has its debug information: the helper opens nothing.</summary>
    private bool TryOpen(ModuleRef module, FileState file)
    {
        if (file.Opened)
        {
            return file.Main is not null;
        }

        file.Opened = true;
        if (!FileByteSource.TryOpen(module.OpenPath, out file.Main, out file.Error))
        {
            return false;
        }

        if (ElfFile.TryOpen(file.Main, out var elf, out _))
        {
            file.Debug = new DebugFiles(options.DebugDirectories).Find(elf, module.Path, module.Root);
        }

        foreach (var source in new[] { file.Main, file.Debug.Debug, file.Debug.Alternative })
        {
            file.Error = file.Error.Length > 0 ? file.Error : PackedDebugInfo.Refuse(source);
        }

        return file.Error.Length == 0;
    }

    private FileState StateOf(ModuleRef module)
    {
        if (!files.TryGetValue(module.Key, out var state))
        {
            state = new FileState((uint)files.Count + 1);
            files[module.Key] = state;
        }

        return state;
    }

    private bool TryCached(Key key, out Frame[]? frames)
    {
        if (young.TryGetValue(key, out frames))
        {
            return true;
        }

        if (!old.TryGetValue(key, out frames))
        {
            return false;
        }

        Keep(key, frames);
        return true;
    }

    private void Keep(Key key, Frame[] frames)
    {
        if (young.Count >= options.MaxCachedAddresses / 2)
        {
            old = young;
            young = [];
        }

        young[key] = frames;
    }
}
