package hid

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"offhook/internal/crash"
)

// ref is an object of Core Foundation or IOKit.
type ref uintptr

// The functions of the two frameworks that are used here, by their C declarations.
var system struct {
	cfRelease           func(ref)
	cfStringCreate      func(ref, string, uint32) ref // CFStringCreateWithCString
	cfSetGetCount       func(ref) int
	cfSetGetValues      func(ref, *ref)
	cfDataGetLength     func(ref) int
	cfDataGetBytePtr    func(ref) unsafe.Pointer
	cfRunLoopGetCurrent func() ref
	cfRunLoopRunInMode  func(ref, float64, bool) int32
	cfRunLoopStop       func(ref)
	managerCreate       func(ref, uint32) ref
	managerSetMatching  func(ref, ref)
	managerCopyDevices  func(ref) ref
	deviceGetProperty   func(ref, ref) ref
	deviceGetService    func(ref) uint32
	entryGetID          func(uint32, *uint64) int32 // IORegistryEntryGetRegistryEntryID
	deviceOpen          func(ref, uint32) int32
	deviceClose         func(ref, uint32) int32
	deviceSetReport     func(ref, uint32, int, *byte, int) int32
	deviceOnReport      func(ref, *byte, int, uintptr, uintptr)
	deviceOnRemoval     func(ref, uintptr, uintptr)
	deviceSchedule      func(ref, ref, ref)
	deviceUnschedule    func(ref, ref, ref)
	cfRetain            func(ref) ref
	descriptorKey       ref // kIOHIDReportDescriptorKey
	defaultMode         ref // kCFRunLoopDefaultMode
	onReport, onRemoval uintptr
}

const (
	utf8Encoding = 0x08000100 // kCFStringEncodingUTF8
	outputReport = 1          // kIOHIDReportTypeOutput
	loopFinished = 1          // kCFRunLoopRunFinished
)

// load finds the functions once.
var load = sync.OnceValue(func() (err error) {
	defer func() { // a function that the system lacks is a panic of purego's
		if cause := recover(); cause != nil {
			err = fmt.Errorf("hid: %v", cause)
		}
	}()
	cf, err := purego.Dlopen("/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation", purego.RTLD_LAZY|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	io, err := purego.Dlopen("/System/Library/Frameworks/IOKit.framework/IOKit", purego.RTLD_LAZY|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	s := &system
	for _, f := range []struct {
		to   any
		from uintptr
		name string
	}{
		{&s.cfRelease, cf, "CFRelease"}, {&s.cfRetain, cf, "CFRetain"}, {&s.cfStringCreate, cf, "CFStringCreateWithCString"},
		{&s.cfSetGetCount, cf, "CFSetGetCount"}, {&s.cfSetGetValues, cf, "CFSetGetValues"},
		{&s.cfDataGetLength, cf, "CFDataGetLength"}, {&s.cfDataGetBytePtr, cf, "CFDataGetBytePtr"},
		{&s.cfRunLoopGetCurrent, cf, "CFRunLoopGetCurrent"}, {&s.cfRunLoopRunInMode, cf, "CFRunLoopRunInMode"}, {&s.cfRunLoopStop, cf, "CFRunLoopStop"},
		{&s.managerCreate, io, "IOHIDManagerCreate"}, {&s.managerSetMatching, io, "IOHIDManagerSetDeviceMatching"}, {&s.managerCopyDevices, io, "IOHIDManagerCopyDevices"},
		{&s.deviceGetProperty, io, "IOHIDDeviceGetProperty"}, {&s.deviceGetService, io, "IOHIDDeviceGetService"}, {&s.entryGetID, io, "IORegistryEntryGetRegistryEntryID"},
		{&s.deviceOpen, io, "IOHIDDeviceOpen"}, {&s.deviceClose, io, "IOHIDDeviceClose"}, {&s.deviceSetReport, io, "IOHIDDeviceSetReport"},
		{&s.deviceOnReport, io, "IOHIDDeviceRegisterInputReportCallback"}, {&s.deviceOnRemoval, io, "IOHIDDeviceRegisterRemovalCallback"},
		{&s.deviceSchedule, io, "IOHIDDeviceScheduleWithRunLoop"}, {&s.deviceUnschedule, io, "IOHIDDeviceUnscheduleFromRunLoop"},
	} {
		purego.RegisterLibFunc(f.to, f.from, f.name)
	}
	s.descriptorKey = s.cfStringCreate(0, "ReportDescriptor", utf8Encoding)
	s.defaultMode = s.cfStringCreate(0, "kCFRunLoopDefaultMode", utf8Encoding)
	// A callback is never given back, so that there are two for all devices.
	s.onReport = purego.NewCallback(func(id uintptr, _ int32, _ ref, _, _ uint32, report unsafe.Pointer, length int) {
		if d := byID(id); d != nil && length > 0 && length <= len(d.buffer) {
			d.came(append([]byte(nil), unsafe.Slice((*byte)(report), length)...))
		}
	})
	s.onRemoval = purego.NewCallback(func(id uintptr, _ int32, _ ref) {
		if d := byID(id); d != nil {
			d.end()
		}
	})
	return nil
})

// Finder lists devices. The zero value is ready; one goroutine uses it.
type Finder struct{ manager ref }

// Find lists the devices that have a hook switch or a mute button.
func (f *Finder) Find() ([]Found, error) {
	if err := load(); err != nil {
		return nil, err
	}
	s := &system
	if f.manager == 0 {
		f.manager = s.managerCreate(0, 0)
		if f.manager == 0 {
			return nil, errors.New("hid: there is no IOHIDManager")
		}
		s.managerSetMatching(f.manager, 0) // all devices; none is opened by this
	}
	set := s.managerCopyDevices(f.manager)
	if set == 0 {
		return nil, nil
	}
	defer s.cfRelease(set)
	devices := make([]ref, s.cfSetGetCount(set))
	if len(devices) == 0 {
		return nil, nil
	}
	s.cfSetGetValues(set, &devices[0])
	var list []Found
	for _, dev := range devices {
		data := s.deviceGetProperty(dev, s.descriptorKey)
		if data == 0 {
			continue
		}
		l := Parse(unsafe.Slice((*byte)(s.cfDataGetBytePtr(data)), s.cfDataGetLength(data)))
		var id uint64
		if !l.Telephone() || s.entryGetID(s.deviceGetService(dev), &id) != 0 {
			continue
		}
		// The manager keeps the device for as long as it is plugged in, and Open is called
		// before the next look.
		list = append(list, Found{Path: strconv.FormatUint(id, 10), Layout: l, Open: func() (Device, error) { return open(dev) }})
	}
	return list, nil
}

// device is an open device of IOKit. Its reports come on a thread of its own.
type device struct {
	ref     ref
	buffer  []byte // the system writes reports into it
	reports chan []byte
	gone    chan struct{}
	ended   chan struct{} // the thread has let go of the device
	once    sync.Once

	mu     sync.Mutex
	loop   ref  // 0 before and after it runs
	closed bool // the system's device is let go of
}

var (
	devicesMu sync.Mutex
	devices   = map[uintptr]*device{}
	lastID    uintptr
)

func byID(id uintptr) *device {
	devicesMu.Lock()
	defer devicesMu.Unlock()
	return devices[id]
}

// maxReport is the longest report that is read.
const maxReport = 256

func open(dev ref) (Device, error) {
	if code := system.deviceOpen(dev, 0); code != 0 {
		return nil, fmt.Errorf("hid: IOHIDDeviceOpen says %#x", uint32(code))
	}
	d := &device{ref: system.cfRetain(dev), buffer: make([]byte, maxReport), reports: make(chan []byte, 64), gone: make(chan struct{}), ended: make(chan struct{})}
	devicesMu.Lock()
	lastID++
	id := lastID
	devices[id] = d
	devicesMu.Unlock()
	go crash.Guarded(func() { d.run(id) })()
	return d, nil
}

// run is the thread on which the system calls back.
func (d *device) run(id uintptr) {
	defer close(d.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var pin runtime.Pinner
	pin.Pin(&d.buffer[0])
	defer pin.Unpin()
	s := &system
	loop := s.cfRunLoopGetCurrent()
	d.mu.Lock()
	d.loop = loop
	d.mu.Unlock()
	s.deviceOnReport(d.ref, &d.buffer[0], len(d.buffer), s.onReport, id)
	s.deviceOnRemoval(d.ref, s.onRemoval, id)
	s.deviceSchedule(d.ref, loop, s.defaultMode)
	for d.alive() {
		if s.cfRunLoopRunInMode(s.defaultMode, 1, false) == loopFinished {
			d.end() // nothing is left that could come
		}
	}
	s.deviceUnschedule(d.ref, loop, s.defaultMode)
	devicesMu.Lock()
	delete(devices, id)
	devicesMu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loop, d.closed = 0, true
	s.deviceClose(d.ref, 0)
	s.cfRelease(d.ref)
}

func (d *device) alive() bool {
	select {
	case <-d.gone:
		return false
	default:
		return true
	}
}

// came takes a report; one that comes while 64 wait is dropped.
func (d *device) came(report []byte) {
	select {
	case d.reports <- report:
	default:
	}
}

// end lets go of the device.
func (d *device) end() {
	d.once.Do(func() {
		close(d.gone)
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.loop != 0 {
			system.cfRunLoopStop(d.loop)
		}
	})
}

// Read is for Device.
func (d *device) Read() ([]byte, error) {
	select {
	case r := <-d.reports:
		return r, nil
	case <-d.gone:
		return nil, os.ErrClosed
	}
}

// Write is for Device.
func (d *device) Write(report []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return os.ErrClosed
	}
	id := report[0]
	if id == 0 { // without ids the report is sent alone
		report = report[1:]
	}
	if len(report) == 0 {
		return nil
	}
	if code := system.deviceSetReport(d.ref, outputReport, int(id), &report[0], len(report)); code != 0 {
		return fmt.Errorf("hid: IOHIDDeviceSetReport says %#x", uint32(code))
	}
	return nil
}

// Close is for Device.
func (d *device) Close() error {
	d.end()
	<-d.ended
	return nil
}
