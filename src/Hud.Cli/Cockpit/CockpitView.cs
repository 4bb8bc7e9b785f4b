using System.Runtime.InteropServices;
using Hud.Cli.Run;
using Hud.Core.Stream;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

/// <summary>
/// The cockpit on a terminal. Messages and keys change the model and the state under one lock; one thread draws when
/// something changed.
/// </summary>
internal sealed class CockpitView : IRunView
{
    private const int MaxPending = 4000;
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(50);
    private readonly Lock _gate = new();
    private readonly LiveModel _model;
    private string _copy = "";
    private readonly Queue<StreamMessage> _pending = new();
    private readonly Func<LiveModel, string> _export;
    private readonly Glyphs _glyphs = Terminal.IsUtf8 ? Glyphs.Unicode : Glyphs.Ascii;
    private readonly ScreenWriter _writer;
    private readonly AutoResetEvent _changed = new(initialState: true);
    private readonly PosixSignalRegistration _resized,
        _continued;
    private readonly Thread _drawing;
    private UiState _ui;
    private volatile bool _ended;
    private volatile bool _redraw;
    private bool _disposed;

    /// <param name="asked">What is profiled, until the agent says it.</param>
    public CockpitView(UiState ui, string asked, Func<LiveModel, string> export)
    {
        (_ui, _export) = (ui, export);
        _model = new LiveModel { Asked = asked };
        _writer = new ScreenWriter(Console.OpenStandardOutput(), ScreenWriter.Detect());
        _resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Changed());
        _continued = PosixSignalRegistration.Create(
            PosixSignal.SIGCONT,
            _ =>
            {
                _redraw = true;
                Changed();
            }
        );
        _drawing = new Thread(Draw) { IsBackground = true, Name = "cockpit" };
        _drawing.Start();
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Ends the run, as Ctrl-C does.</summary>
    public Action Quit { get; set; } = () => { };

    /// <summary>Asks for the last while of the run; returns what to say.</summary>
    public Func<string> LookBack { get; set; } = () => "only a run on this machine keeps a look-back";

    public void Say(string line)
    {
        lock (_gate)
            _ui = _ui.Say(Printable.Clean(line), Environment.TickCount64);
        Changed();
    }

    public void Show(StreamMessage message)
    {
        lock (_gate)
        {
            // a paused picture stays; what came meanwhile is taken in afterwards, or when it becomes too much
            if (_ui.Paused && _pending.Count < MaxPending && message is not EndMessage)
                _pending.Enqueue(message);
            else
                TakeIn(message);
        }

        Changed();
    }

    public void Stopping()
    {
        lock (_gate)
            _model.Stopping = true;
        Changed();
    }

    public void Dispose()
    {
        if (_ended)
            return;
        _ended = true;
        Changed();
        _drawing.Join(TimeSpan.FromSeconds(2));
        _resized.Dispose();
        _continued.Dispose();
        _writer.Dispose();
        // the thread that reads keys sits in a read that nothing ends; what it does after this has no effect (Changed)
        lock (_gate)
        {
            _disposed = true;
            _changed.Dispose();
        }
    }

    private void Changed()
    {
        lock (_gate)
        {
            if (!_disposed)
                _changed.Set();
        }
    }

    private void TakeIn(StreamMessage? message)
    {
        while (_pending.TryDequeue(out var waiting))
            _model.Accept(waiting);
        if (message is not null)
            _model.Accept(message);
    }

    private void Draw()
    {
        while (!_ended)
        {
            _changed.WaitOne(UntilNoticeEnds());
            if (_ended)
                return;
            if (_redraw)
            {
                _redraw = false;
                _writer.Forget();
            }

            Screen screen;
            string copy;
            lock (_gate)
            {
                _ui = _ui.At(Environment.TickCount64);
                (copy, _copy) = (_copy, "");
                screen = Frame.Draw(_model, _ui, _glyphs, Terminal.Width, Terminal.Height);
            }

            if (copy.Length > 0)
                _writer.Copy(copy);
            _writer.Show(screen);
            // keys held down must not draw more often than an eye sees
            Thread.Sleep(FrameTime);
        }
    }

    private TimeSpan UntilNoticeEnds()
    {
        lock (_gate)
            return _ui.NoticeEnds is { } ends
                ? TimeSpan.FromMilliseconds(Math.Max(0, ends - Environment.TickCount64))
                : Timeout.InfiniteTimeSpan;
    }

    private void ReadKeys()
    {
        while (!_ended)
        {
            ConsoleKeyInfo key;
            try
            {
                key = Console.ReadKey(intercept: true);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                return; // the keyboard is gone: the run goes on without it
            }

            Press(key);
        }
    }

    internal void Press(ConsoleKeyInfo key)
    {
        UiAction action;
        lock (_gate)
        {
            if (_ended)
                return;
            var rows = HotspotRows.Build(_model, _ui);
            (_ui, action) = Keys.Press(_ui, key, rows);
            if (!_ui.Paused)
                TakeIn(null);
            if (action == UiAction.Export)
                _ui = _ui.Say(_export(_model), Environment.TickCount64);
            if (action is UiAction.CopyPlace or UiAction.CopyFunction)
            {
                _copy = Printable.Clean(Keys.CopyText(_ui, rows, action));
                _ui = _ui.Say($"sent to the terminal's clipboard: {_copy}", Environment.TickCount64);
            }
        }

        if (action == UiAction.Quit)
            Quit();
        if (action == UiAction.LookBack)
            Say(LookBack());
        Changed();
    }
}
