package hid

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Windows keeps a device's descriptor to itself and tells of its buttons by the
// functions of hid.dll. The reports of a Device here are therefore made up: behind the
// id, which is always there, each button and each LED has one bit of its own, in the
// order in which hid.dll lists them.
var (
	hidDLL = windows.NewLazySystemDLL("hid.dll")

	getHidGUID       = hidDLL.NewProc("HidD_GetHidGuid")
	getPreparsed     = hidDLL.NewProc("HidD_GetPreparsedData")
	freePreparsed    = hidDLL.NewProc("HidD_FreePreparsedData")
	getCaps          = hidDLL.NewProc("HidP_GetCaps")
	getButtonCaps    = hidDLL.NewProc("HidP_GetButtonCaps")
	getUsagesEx      = hidDLL.NewProc("HidP_GetUsagesEx")
	setUsages        = hidDLL.NewProc("HidP_SetUsages")
	initializeReport = hidDLL.NewProc("HidP_InitializeReportForID")
)

// reportKind is hid.dll's HIDP_REPORT_TYPE.
type reportKind uintptr

const (
	inputReport  reportKind = 0
	outputReport reportKind = 1
)

const hidSuccess = 0x00110000 // HIDP_STATUS_SUCCESS

// hidCaps is HIDP_CAPS.
type hidCaps struct {
	usage, page                                  uint16
	inputLength, outputLength, featureLength     uint16
	_                                            [17]uint16
	_                                            uint16 // collections
	inputButtons, inputValues, inputDataIndices  uint16
	outputButtons, outputValues, outputDataIndex uint16
	_                                            [3]uint16 // of feature reports
}

// buttonCaps is HIDP_BUTTON_CAPS: one usage, or a range of them.
type buttonCaps struct {
	page       uint16
	report     byte
	alias      byte
	bitField   uint16 // the flags of the descriptor's main item
	collection uint16
	linkUsage  uint16
	linkPage   uint16
	isRange    byte
	_, _       byte
	absolute   byte
	count      uint16
	_          uint16
	_          [9]uint32
	first      uint16
	last       uint16 // of a range
	_          [6]uint16
}

const variableItem = 2 // in a main item's flags; without it the item is an array

// Finder lists devices and remembers what they are, so that each is asked once. The zero
// value is ready; one goroutine uses it.
type Finder struct{ known map[string]*kind }

// kind is what hid.dll says of one device.
type kind struct {
	layout                    Layout
	inputLength, outputLength int // of the device's own reports, their ids included
}

// Find lists the devices that have a hook switch or a mute button.
func (f *Finder) Find() ([]Found, error) {
	if err := hidDLL.Load(); err != nil {
		return nil, err
	}
	var class windows.GUID
	_, _, _ = getHidGUID.Call(uintptr(unsafe.Pointer(&class))) // returns nothing
	paths, err := windows.CM_Get_Device_Interface_List("", &class, windows.CM_GET_DEVICE_INTERFACE_LIST_PRESENT)
	if err != nil {
		return nil, nil // a device may have come between its two calls: the next look sees it
	}
	now := map[string]*kind{}
	var list []Found
	for _, path := range paths {
		k := f.known[path]
		if k == nil {
			if k, err = ask(path); err != nil {
				continue // it has gone, or is another program's alone
			}
		}
		now[path] = k
		if k.layout.Telephone() {
			list = append(list, Found{Path: path, Layout: k.layout, Open: func() (Device, error) { return open(path, k) }})
		}
	}
	f.known = now
	return list, nil
}

// openPath opens a device; with no access it tells of itself even while others have it.
func openPath(path string, access, flags uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(name, access, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, flags, 0)
}

// ask asks a device what it is.
func ask(path string) (*kind, error) {
	h, err := openPath(path, 0, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	var data uintptr
	if ok, _, err := getPreparsed.Call(uintptr(h), uintptr(unsafe.Pointer(&data))); ok == 0 {
		return nil, err
	}
	defer freePreparsed.Call(data)
	return describe(data)
}

// describe makes the layout of a device out of its preparsed data.
func describe(data uintptr) (*kind, error) {
	var caps hidCaps
	if status, _, _ := getCaps.Call(data, uintptr(unsafe.Pointer(&caps))); status != hidSuccess {
		return nil, fmt.Errorf("HidP_GetCaps: %#x", status)
	}
	k := &kind{layout: Layout{ids: true, length: map[byte]int{}}, inputLength: int(caps.inputLength), outputLength: int(caps.outputLength)}
	k.layout.inputs = fields(data, inputReport, caps.inputButtons)
	k.layout.outputs = fields(data, outputReport, caps.outputButtons)
	for _, f := range k.layout.outputs {
		k.layout.length[f.report] = max(k.layout.length[f.report], f.bit/8+1)
	}
	return k, nil
}

// fields lists the buttons of a kind of report, each with a bit of its own.
func fields(data uintptr, what reportKind, count uint16) (list []field) {
	if count == 0 {
		return nil
	}
	caps := make([]buttonCaps, count)
	if status, _, _ := getButtonCaps.Call(uintptr(what), uintptr(unsafe.Pointer(&caps[0])), uintptr(unsafe.Pointer(&count)), data); status != hidSuccess {
		return nil
	}
	bits := map[byte]int{}
	for _, c := range caps[:min(int(count), len(caps))] {
		last := c.first
		if c.isRange != 0 {
			last = c.last
		}
		for u := uint32(c.first); u <= uint32(last) && len(list) < maxFields && bits[c.report] < maxReportBits; u++ {
			array := c.bitField&variableItem == 0
			list = append(list, field{report: c.report, bit: bits[c.report], size: 1, usage: Usage(uint32(c.page)<<16 | u), relative: c.absolute == 0 || array})
			bits[c.report]++
		}
	}
	return list
}

// device is an open device of hid.dll.
type device struct {
	kind *kind
	file *os.File

	mu   sync.Mutex
	data uintptr // the preparsed data, 0 once it is closed
}

func open(path string, k *kind) (Device, error) {
	h, err := openPath(path, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_FLAG_OVERLAPPED)
	if err != nil {
		return nil, err
	}
	d := &device{kind: k, file: os.NewFile(uintptr(h), path)}
	if ok, _, err := getPreparsed.Call(uintptr(h), uintptr(unsafe.Pointer(&d.data))); ok == 0 {
		_ = d.file.Close()
		return nil, err
	}
	return d, nil
}

// Read is for Device.
func (d *device) Read() ([]byte, error) {
	report := make([]byte, max(d.kind.inputLength, 1))
	n, err := d.file.Read(report)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.data == 0 {
		return nil, os.ErrClosed
	}
	return pressed(d.data, d.kind, report[:n]), nil
}

// pressed turns a report of the device into one of its layout here.
func pressed(data uintptr, k *kind, report []byte) []byte {
	if len(report) == 0 {
		return nil
	}
	var list [maxUsages]uint32 // USAGE_AND_PAGE: usage, then page
	count := uint32(len(list))
	status, _, _ := getUsagesEx.Call(uintptr(inputReport), 0, uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(&count)),
		data, uintptr(unsafe.Pointer(&report[0])), uintptr(len(report)))
	if status != hidSuccess {
		count = 0
	}
	down := map[Usage]bool{}
	for _, u := range list[:min(int(count), len(list))] {
		down[Usage(u)] = true
	}
	out := []byte{report[0]}
	for _, f := range k.layout.inputs {
		if f.report != report[0] {
			continue
		}
		for len(out) <= 1+f.bit/8 {
			out = append(out, 0)
		}
		if down[f.usage] {
			out[1+f.bit/8] |= 1 << (f.bit % 8)
		}
	}
	return out
}

// Write is for Device.
func (d *device) Write(report []byte) error {
	d.mu.Lock()
	if d.data == 0 {
		d.mu.Unlock()
		return os.ErrClosed
	}
	own, err := shown(d.data, d.kind, report)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = d.file.Write(own)
	return err
}

// shown turns a report of the layout here into one of the device's own.
func shown(data uintptr, k *kind, report []byte) ([]byte, error) {
	own := make([]byte, max(k.outputLength, 1))
	if status, _, _ := initializeReport.Call(uintptr(outputReport), uintptr(report[0]), data, uintptr(unsafe.Pointer(&own[0])), uintptr(len(own))); status != hidSuccess {
		own[0] = report[0]
	}
	for _, f := range k.layout.outputs {
		if v, _ := bitsOf(report[1:], f.bit, f.size); f.report != report[0] || v == 0 {
			continue
		}
		usage, count := uint16(f.usage), uint32(1)
		status, _, _ := setUsages.Call(uintptr(outputReport), uintptr(f.usage>>16), 0, uintptr(unsafe.Pointer(&usage)), uintptr(unsafe.Pointer(&count)),
			data, uintptr(unsafe.Pointer(&own[0])), uintptr(len(own)))
		if status != hidSuccess {
			return nil, fmt.Errorf("HidP_SetUsages: %#x", status)
		}
	}
	return own, nil
}

// Close is for Device.
func (d *device) Close() error {
	err := d.file.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.data != 0 {
		_, _, _ = freePreparsed.Call(d.data)
		d.data = 0
	}
	return err
}
