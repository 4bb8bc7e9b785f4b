using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hud.Elf;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>One file open in libdwfl: its symbols and debug information, wherever that lies (the file itself, a separate file by
/// build id or debug link below the given folders, <c>.gnu_debugdata</c>). Not thread-safe.</summary>
internal sealed unsafe class DwflSession : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Bytes of one Elf64_Sym.</summary>
    private const int SymbolSize = 24;

    private static readonly nint StandardSearch = Interop.Export("dwfl_standard_find_debuginfo");

    /// <summary>The session on whose behalf the library calls back: on the thread that asked it.</summary>
    [ThreadStatic]
    private static DwflSession? asking;

    private readonly Interop.Callbacks* callbacks;
    private readonly SafeFileHandle? debug;
    private readonly SafeFileHandle? alternative;
    private readonly byte[] alternativeName;
    private readonly bool mayDownload;
    private string refused = "";
    private ulong mainBias;

    private DwflSession(SymbolizerRequest request, bool mayDownload)
        : base(ownsHandle: true)
    {
        this.mayDownload = mayDownload;
        debug = Duplicate(request.Debug);
        alternative = Duplicate(request.Alternative);
        alternativeName = Encoding.UTF8.GetBytes(request.AlternativeName);
        // the library keeps the pointers until dwfl_end; no folder: the agent has looked already
        var path = "-\0"u8;
        var memory = (byte*)NativeMemory.AllocZeroed((nuint)(sizeof(Interop.Callbacks) + sizeof(byte*) + path.Length));
        callbacks = (Interop.Callbacks*)memory;
        var pathPointer = (byte**)(memory + sizeof(Interop.Callbacks));
        var text = memory + sizeof(Interop.Callbacks) + sizeof(byte*);
        path.CopyTo(new Span<byte>(text, path.Length));
        *pathPointer = text;
        callbacks->DebugInfoPath = pathPointer;
        callbacks->FindElf = Interop.Export("dwfl_build_id_find_elf");
        callbacks->FindDebugInfo = (nint)
            (delegate* unmanaged[Cdecl]<nint, void*, byte*, ulong, byte*, byte*, uint, byte**, int>)&FindDebugInfo;
        callbacks->SectionAddress = Interop.Export("dwfl_offline_section_address");
        SetHandle(Interop.dwfl_begin(callbacks));
    }

    private static SafeFileHandle? Duplicate(SafeFileHandle? file)
    {
        if (file is null)
        {
            return null;
        }

        var copy = Interop.dup(file);
        return copy < 0 ? null : new SafeFileHandle(copy, ownsHandle: true);
    }

    public nint Module { get; private set; }

    /// <summary>0 when there is no debug information.</summary>
    public nint Dwarf { get; private set; }

    public static DwflSession? Open(SymbolizerRequest request, bool mayDownload, out string error)
    {
        var session = new DwflSession(request, mayDownload);
        error = session.Load(request.Main, request.ShownPath);
        if (error.Length == 0)
        {
            return session;
        }

        session.Dispose();
        return null;
    }

    /// <summary>The symbol that covers an ELF address, from any table there is; "" for none.</summary>
    public string SymbolAt(ulong elfAddress)
    {
        asking = this;
        var symbol = stackalloc byte[SymbolSize];
        ulong offset,
            bias;
        var name = Interop.dwfl_module_addrinfo(
            Module,
            unchecked(elfAddress + mainBias),
            &offset,
            symbol,
            null,
            null,
            &bias
        );
        var size = *(ulong*)(symbol + 16);
        return name is null || (size > 0 && offset >= size) ? "" : Interop.Text(name);
    }

    /// <summary>
    /// The files that came with the question, and nothing else; the library closes what it gets. Where debug files may be downloaded the
    /// library asks its servers, but what comes must not unpack to more than there is room for.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FindDebugInfo(
        nint module,
        void* userData,
        byte* name,
        ulong start,
        byte* file,
        byte* link,
        uint checksum,
        byte** found
    )
    {
        if (asking is not { } session)
        {
            return -1;
        }

        *found = null;
        var isAlternative =
            session.alternativeName.Length > 0
            && link is not null
            && MemoryMarshal.CreateReadOnlySpanFromNullTerminated(link).SequenceEqual(session.alternativeName);
        var given = isAlternative ? session.alternative : session.debug;
        if (given is not null)
        {
            return Interop.dup(given);
        }

        if (!session.mayDownload)
        {
            return -1;
        }

        var search = (delegate* unmanaged[Cdecl]<
            nint,
            void*,
            byte*,
            ulong,
            byte*,
            byte*,
            uint,
            byte**,
            int>)StandardSearch;
        var descriptor = search(module, userData, name, start, file, link, checksum, found);
        if (descriptor < 0)
        {
            return descriptor;
        }

        using var source = FileByteSource.TryOpen($"/proc/self/fd/{descriptor}", out var opened, out _) ? opened : null;
        if (PackedDebugInfo.Refuse(source) is not { Length: > 0 } why)
        {
            return descriptor;
        }

        // the library would open the file by its name when it is given that alone
        session.refused = why;
        _ = Interop.close(descriptor);
        NativeMemory.Free(*found);
        *found = null;
        return -1;
    }

    /// <summary>Takes the file's pages out of this process's resident memory; those that are needed again come back from the cache.</summary>
    public void LetPagesGo()
    {
        ulong bias;
        var main = Interop.dwfl_module_getelf(Module, &bias);
        var withDwarf = Dwarf == 0 ? main : Interop.dwarf_getelf(Dwarf);
        foreach (var elf in (ReadOnlySpan<nint>)[main, withDwarf == main ? 0 : withDwarf])
        {
            nuint size = 0;
            var start = elf == 0 ? null : Interop.elf_rawfile(elf, &size);

            // what is not page-aligned is not a mapping
            if (start is not null && (nuint)start % (nuint)Environment.SystemPageSize == 0)
            {
                _ = Interop.madvise(start, size, Interop.DontNeed);
            }
        }
    }

    protected override bool ReleaseHandle()
    {
        // once, however often this is disposed of; the memory is the library's until then
        Interop.dwfl_end(handle);
        NativeMemory.Free(callbacks);
        debug?.Dispose();
        alternative?.Dispose();
        return true;
    }

    private string Load(SafeFileHandle main, string shownPath)
    {
        if (IsInvalid)
        {
            return Interop.LastError();
        }

        // the library owns the descriptor once it has accepted it
        var opened = Interop.dup(main);
        if (opened < 0)
        {
            return "too many open files";
        }

        asking = this;
        Module = Interop.dwfl_report_offline(handle, "", shownPath, opened);
        if (Module == 0)
        {
            var error = Interop.LastError();
            _ = Interop.close(opened);
            return error;
        }

        if (Interop.dwfl_report_end(handle, 0, 0) != 0)
        {
            return Interop.LastError();
        }

        ulong bias;
        if (Interop.dwfl_module_getelf(Module, &bias) != 0)
        {
            mainBias = bias;
        }

        Dwarf = Interop.dwfl_module_getdwarf(Module, &bias);
        return refused;
    }
}
