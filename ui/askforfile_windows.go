package ui

import (
	"context"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

var getSaveFileName = windows.NewLazySystemDLL("comdlg32.dll").NewProc("GetSaveFileNameW")

// openFileName is OPENFILENAMEW of the Windows API.
type openFileName struct {
	size                      uint32
	owner, instance           uintptr
	filter, customFilter      *uint16
	maxCustomFilter, filterAt uint32
	file                      *uint16
	maxFile                   uint32
	fileTitle                 *uint16
	maxFileTitle              uint32
	initialDir, title         *uint16
	flags                     uint32
	fileOffset, fileExtension uint16
	defaultExtension          *uint16
	customData, hook          uintptr
	template                  *uint16
	reserved1                 uintptr
	reserved2, flagsEx        uint32
}

const (
	overwritePrompt = 0x2
	pathMustExist   = 0x800
	noChangeDir     = 0x8
)

// askForFile asks by the system's dialog where a file is to be; "" is nowhere.
func askForFile(_ context.Context, title, name string, endings []string) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var filter []uint16
	for _, e := range endings {
		filter = append(filter, windows.StringToUTF16(strings.ToUpper(strings.TrimPrefix(e, ".")))...)
		filter = append(filter, windows.StringToUTF16("*"+e)...)
	}
	filter = append(filter, 0)
	file := make([]uint16, windows.MAX_PATH*4)
	copy(file, windows.StringToUTF16(name))
	titled, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return "", err
	}
	ending, err := windows.UTF16PtrFromString(strings.TrimPrefix(endings[0], "."))
	if err != nil {
		return "", err
	}
	o := openFileName{filter: &filter[0], file: &file[0], maxFile: uint32(len(file)), title: titled, defaultExtension: ending,
		flags: overwritePrompt | pathMustExist | noChangeDir}
	o.size = uint32(unsafe.Sizeof(o))
	if ok, _, _ := getSaveFileName.Call(uintptr(unsafe.Pointer(&o))); ok == 0 {
		return "", nil // nothing was chosen
	}
	return windows.UTF16ToString(file), nil
}
