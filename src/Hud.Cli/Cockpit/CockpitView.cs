using System.Runtime.InteropServices;
using Hud.Cli.Run;
using Hud.Core.Stream;

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
    private readonly LiveModel _model = new();
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

    public CockpitView(UiState ui, Func<LiveModel, string> export)
    {
        (_ui, _export) = (ui, export);
        _writer = new ScreenWriter(Console.OpenStandardOutput(), ScreenWriter.Detect());
        _resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _changed.Set());
        _continued = PosixSignalRegistration.Create(
            PosixSignal.SIGCONT,
            _ =>
            {
                _redraw = true;
                _changed.Set();
            }
        );
        _drawing = new Thread(Draw) { IsBackground = true, Name = "cockpit" };
        _drawing.Start();
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Ends the run, as Ctrl-C does.</summary>
    public Action Quit { get; set; } = () => { };

    public void Show(StreamMessage message)
    {
        lock (_gate)
        {
            // a paused picture stays; what came meanwhile is taken in afterwards, or when it becomes too much
            if (_ui.Paused && _pending.Count < MaxPending && message is not ByeMessage)
                _pending.Enqueue(message);
            else
                TakeIn(message);
        }

        _changed.Set();
    }

    public void Stopping()
    {
        lock (_gate)
            _model.Stopping = true;
        _changed.Set();
    }

    public void Dispose()
    {
        _ended = true;
        _changed.Set();
        _drawing.Join(TimeSpan.FromSeconds(2));
        _resized.Dispose();
        _continued.Dispose();
        _writer.Dispose();
        _changed.Dispose();
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
            _changed.WaitOne();
            if (_ended)
                return;
            if (_redraw)
            {
                _redraw = false;
                _writer.Forget();
            }

            Screen screen;
            lock (_gate)
                screen = Frame.Draw(_model, _ui, _glyphs, Terminal.Width, Terminal.Height);
            _writer.Show(screen);
            // keys held down must not draw more often than an eye sees
            Thread.Sleep(FrameTime);
        }
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
                return; // no keys any more: the run goes on without them
            }

            Press(key);
        }
    }

    private void Press(ConsoleKeyInfo key)
    {
        UiAction action;
        lock (_gate)
        {
            (_ui, action) = Keys.Press(_ui, key, HotspotRows.Build(_model, _ui.Window, _ui.Search, _ui.Sort));
            if (!_ui.Paused)
                TakeIn(null);
            if (action == UiAction.Export)
                _ui = _ui with { Notice = _export(_model) };
        }

        if (action == UiAction.Quit)
            Quit();
        _changed.Set();
    }
}
