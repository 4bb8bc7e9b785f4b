using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>The helper's side: reads requests until its input ends. Whatever a file does to libdw happens in this process.</summary>
public static class SymbolizerServer
{
    /// <summary>The hidden verb: <c>hud-agent --symbolizer</c>.</summary>
    public const string Verb = "--symbolizer";

    internal const string MayDownload = "--may-download";

    /// <summary>True when the program was started as the helper and has done its work: exit with 0 then.</summary>
    /// <param name="giveUpAll">Called when all is loaded, before anything of a stranger is read: afterwards nothing can be opened. Not
    /// called where debug files may be downloaded, which takes files and the network.</param>
    public static bool RunIfAsked(IReadOnlyList<string> arguments, Action? giveUpAll = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments is not [Verb, var socket, var download])
        {
            return false;
        }

        // not the console's streams: at the first write they set up a terminal, which the helper is no longer allowed to
        using var input = Plain(0, FileAccess.Read);
        using var output = Plain(1, FileAccess.Write);
        using var files = new SafeFileHandle(int.Parse(socket, CultureInfo.InvariantCulture), ownsHandle: true);
        if (download != MayDownload)
        {
            WarmUp();
            giveUpAll?.Invoke();
        }

        Run(input, output, files, download == MayDownload);
        return true;
    }

    private static FileStream Plain(int descriptor, FileAccess access) =>
        new(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);

    /// <summary>One whole question about a file that is known to be good: what is needed for an answer is loaded by now.</summary>
    private static void WarmUp()
    {
        try
        {
            LoadLibraries();
            using var self = File.OpenHandle("/proc/self/exe");
            var request = new SymbolizerRequest(0, self, null, null, "", "/proc/self/exe", true, [0x1000]);
            var file = Open(request, false, out _);
            _ = OwnMemory.Now;
            var locations = FindAll(request, false, ref file);
            file?.Dispose();
            using (var nowhere = new FileStream("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.None, 0))
            {
                SymbolizerMessages.Send(nowhere, new MemoryStream());
                _ = SymbolizerMessages.Receive(nowhere);
            }

            using var stream = new MemoryStream();
            SymbolizerMessages.Send(stream, SymbolizerMessages.Answer(new SymbolizerAnswer("", false, locations)));
            SymbolizerMessages.Send(stream, SymbolizerMessages.Request(request));
            stream.Position = 0;
            _ = SymbolizerMessages.Receive(stream);
            _ = SymbolizerMessages.ReadRequest(SymbolizerMessages.Receive(stream)!, [self]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // the first real question says what is wrong
        }
    }

    /// <summary>The runtime looks for a library in several folders when a function of it is first called, which is too late then.</summary>
    private static void LoadLibraries()
    {
        var loaded = new Dictionary<string, nint>(StringComparer.Ordinal);
        foreach (var name in (string[])[Interop.Libdw, Interop.Libelf, "libc"])
        {
            if (NativeLibrary.TryLoad(name, typeof(Interop).Assembly, null, out var library))
            {
                loaded[name] = library;
            }
        }

        NativeLibrary.SetDllImportResolver(typeof(Interop).Assembly, (name, _, _) => loaded.GetValueOrDefault(name));
    }

    internal static void Run(Stream input, Stream output, SafeFileHandle descriptors, bool mayDownload)
    {
        var files = new Dictionary<uint, (DwarfFile? File, string Error, long Used)>();
        long clock = 0;
        try
        {
            while (SymbolizerMessages.Receive(input) is { } message)
            {
                var given = DescriptorSocket.Receive(descriptors);
                using var close = new Closer(given);
                var request = SymbolizerMessages.ReadRequest(message, given);
                if (!files.TryGetValue(request.File, out var open))
                {
                    CloseOldest(files);
                    var file = Open(request, mayDownload, out var error);
                    open = (file, error, 0);
                }

                files[request.File] = open with { Used = ++clock };
                var dwarf = open.File;
                var locations = FindAll(request, mayDownload, ref dwarf);
                files[request.File] = open with { File = dwarf, Used = clock };
                SymbolizerMessages.Send(
                    output,
                    SymbolizerMessages.Answer(
                        new SymbolizerAnswer(open.Error, open.File?.HasDebugInfo ?? false, locations)
                    )
                );
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or EndOfStreamException)
        {
            // the agent is gone or speaks another protocol: there is no one to report to
        }

        foreach (var (file, _, _) in files.Values)
        {
            file?.Dispose();
        }
    }

    /// <summary>A question's files: what is kept of them is a descriptor of the library's own.</summary>
    private readonly struct Closer(SafeFileHandle[] files) : IDisposable
    {
        public void Dispose()
        {
            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }

    private static RawLocation[] FindAll(SymbolizerRequest request, bool mayDownload, ref DwarfFile? dwarf)
    {
        if (dwarf is null)
        {
            return [];
        }

        var locations = new RawLocation[request.Addresses.Length];
        Array.Fill(locations, RawLocation.Nothing);
        for (var i = 0; i < locations.Length && dwarf is not null; i++)
        {
            if ((i & 15) == 0)
            {
                KeepSmall(request, mayDownload, ref dwarf);
            }

            locations[i] = dwarf?.Find(request.Addresses[i], request.WantSymbols) ?? RawLocation.Nothing;
        }

        return locations;
    }

    /// <summary>libdw keeps the lines of every unit it has read until the file is closed: with all units of a large program that is
    /// more than a gigabyte. So the file is closed and opened again when the helper has grown too much. The file's own pages, which are
    /// mapped, are only let go: they stay in the system's cache.</summary>
    private static void KeepSmall(SymbolizerRequest request, bool mayDownload, ref DwarfFile? dwarf)
    {
        var memory = OwnMemory.Now;
        if (memory.Own > DwarfLimits.MaxOwnMemory)
        {
            dwarf?.Dispose();
            _ = Interop.malloc_trim(0);
            dwarf = Open(request, mayDownload, out _);
        }
        else if (memory.Files > DwarfLimits.MaxFilePages)
        {
            dwarf?.LetPagesGo();
        }
    }

    private static DwarfFile? Open(SymbolizerRequest request, bool mayDownload, out string error)
    {
        try
        {
            return DwarfFile.Open(request, mayDownload, out error);
        }
        catch (DllNotFoundException)
        {
            error = $"{Interop.Libdw} is not installed";
            return null;
        }
    }

    private static void CloseOldest(Dictionary<uint, (DwarfFile? File, string Error, long Used)> files)
    {
        if (files.Count < DwarfLimits.MaxOpenFiles)
        {
            return;
        }

        var oldest = files.MinBy(f => f.Value.Used).Key;
        files[oldest].File?.Dispose();
        files.Remove(oldest);
    }
}
