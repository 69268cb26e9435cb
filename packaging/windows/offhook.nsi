; Installer for Offhook. makensis -DVERSION=… -DQUAD=… -DEXE=… -DCONSOLE=… -DICON=… -DLICENCES=… -DOUT=… offhook.nsi
;
; Silent: offhook-setup.exe /S [/ALLUSERS [/POLICYURL=https://… | /POLICYFILE=file]] [/NOAUTOSTART] [/D=folder]
; It installs for one user, or for all with /ALLUSERS, which an administrator must run. A policy is for
; the machine, so that it takes /ALLUSERS. Exit codes: 0 done, 1 cancelled, 2 refused.
Target amd64-unicode
SetCompressor /SOLID lzma
!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "x64.nsh"

Name "Offhook"
OutFile "${OUT}"
RequestExecutionLevel user
ManifestDPIAware true
InstallDir "$LOCALAPPDATA\Programs\Offhook"
InstallDirRegKey HKCU "Software\Offhook" "InstallDir"

VIProductVersion "${QUAD}"
VIAddVersionKey ProductName "Offhook"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Offhook installer"
VIAddVersionKey LegalCopyright ""

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Offhook"
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\offhook.exe"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Var AllUsers
Var AutoStart
Var PolicyUrl
Var PolicyFile

!macro Refuse TEXT
  MessageBox MB_OK|MB_ICONSTOP "${TEXT}" /SD IDOK
  SetErrorLevel 2
  Quit
!macroend

; The phone that runs hangs up and writes what it has to write before its program is replaced.
!macro QuitPhone
  ${If} ${FileExists} "$INSTDIR\offhook.exe"
    nsExec::Exec '"$INSTDIR\offhook.exe" ctl quit --timeout 10s'
    Pop $0
  ${EndIf}
!macroend

Function .onInit
  SetRegView 64
  ; One user's folder, before it is everybody's.
  StrCpy $2 "$LOCALAPPDATA\Programs\Offhook"
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/ALLUSERS" $1
  ${If} ${Errors}
    StrCpy $AllUsers 0
    SetShellVarContext current
  ${Else}
    StrCpy $AllUsers 1
    SetShellVarContext all
    ${If} $INSTDIR == $2
      StrCpy $INSTDIR "$PROGRAMFILES64\Offhook"
    ${EndIf}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/NOAUTOSTART" $1
  ${If} ${Errors}
    StrCpy $AutoStart 1
  ${Else}
    StrCpy $AutoStart 0
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/POLICYURL=" $PolicyUrl
  ClearErrors
  ${GetOptions} $0 "/POLICYFILE=" $PolicyFile
  ClearErrors
  ${If} $AllUsers == 1
    UserInfo::GetAccountType
    Pop $1
    ${If} $1 != "Admin"
      !insertmacro Refuse "Installing for all users takes an administrator."
    ${EndIf}
  ${ElseIf} "$PolicyUrl$PolicyFile" != ""
    !insertmacro Refuse "A policy is for the whole computer: add /ALLUSERS."
  ${EndIf}
  ${If} $PolicyFile != ""
  ${AndIfNot} ${FileExists} "$PolicyFile"
    !insertmacro Refuse "There is no file $PolicyFile."
  ${EndIf}
FunctionEnd

; SHCTX is HKLM for all users and HKCU for one.
!macro Scheme NAME
  WriteRegStr SHCTX "Software\Classes\offhook.${NAME}" "" "Offhook ${NAME} link"
  WriteRegStr SHCTX "Software\Classes\offhook.${NAME}" "URL Protocol" ""
  WriteRegStr SHCTX "Software\Classes\offhook.${NAME}\DefaultIcon" "" "$INSTDIR\offhook.exe,0"
  WriteRegStr SHCTX "Software\Classes\offhook.${NAME}\shell\open\command" "" '"$INSTDIR\offhook.exe" "%1"'
  WriteRegStr SHCTX "Software\Offhook\Capabilities\URLAssociations" "${NAME}" "offhook.${NAME}"
!macroend

Section "Offhook"
  !insertmacro QuitPhone
  SetOutPath "$INSTDIR"
  File "/oname=offhook.exe" "${EXE}"
  File "/oname=offhook.com" "${CONSOLE}"
  File "/oname=third-party-licences.txt" "${LICENCES}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Offhook.lnk" "$INSTDIR\offhook.exe"

  !insertmacro Scheme "tel"
  !insertmacro Scheme "sip"
  !insertmacro Scheme "sips"
  WriteRegStr SHCTX "Software\Offhook\Capabilities" "ApplicationName" "Offhook"
  WriteRegStr SHCTX "Software\Offhook\Capabilities" "ApplicationDescription" "Softphone for contact-centre agents"
  WriteRegStr SHCTX "Software\RegisteredApplications" "Offhook" "Software\Offhook\Capabilities"
  WriteRegStr SHCTX "Software\Offhook" "InstallDir" "$INSTDIR"
  ${If} $PolicyUrl != ""
    WriteRegStr HKLM "Software\Policies\Offhook" "Policy" '{"version":1,"url":"$PolicyUrl"}'
  ${EndIf}
  ${If} $PolicyFile != ""
    CreateDirectory "$APPDATA\Offhook" ; ProgramData, for all users
    CopyFiles /SILENT "$PolicyFile" "$APPDATA\Offhook\policy.json"
  ${EndIf}
  ${If} $AutoStart == 1
    WriteRegStr SHCTX "Software\Microsoft\Windows\CurrentVersion\Run" "Offhook" '"$INSTDIR\offhook.exe"'
  ${EndIf}

  WriteRegStr SHCTX "${UNINSTALL}" "DisplayName" "Offhook"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayIcon" "$INSTDIR\offhook.exe,0"
  WriteRegStr SHCTX "${UNINSTALL}" "Publisher" "Offhook"
  ${If} $AllUsers == 1
    WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe" /ALLUSERS'
    WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S /ALLUSERS'
  ${Else}
    WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  ${EndIf}
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD SHCTX "${UNINSTALL}" "EstimatedSize" $0
SectionEnd

Function un.onInit
  SetRegView 64
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/ALLUSERS" $1
  ${If} ${Errors}
    SetShellVarContext current
  ${Else}
    SetShellVarContext all
  ${EndIf}
FunctionEnd

; The user's settings, call log and secrets stay.
Section "Uninstall"
  !insertmacro QuitPhone
  Delete "$SMPROGRAMS\Offhook.lnk"
  Delete "$INSTDIR\offhook.exe"
  Delete "$INSTDIR\offhook.com"
  Delete "$INSTDIR\third-party-licences.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey SHCTX "Software\Classes\offhook.tel"
  DeleteRegKey SHCTX "Software\Classes\offhook.sip"
  DeleteRegKey SHCTX "Software\Classes\offhook.sips"
  DeleteRegValue SHCTX "Software\RegisteredApplications" "Offhook"
  DeleteRegKey SHCTX "Software\Offhook"
  DeleteRegValue SHCTX "Software\Microsoft\Windows\CurrentVersion\Run" "Offhook"
  DeleteRegKey SHCTX "${UNINSTALL}"
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/ALLUSERS" $1
  ${IfNot} ${Errors}
    DeleteRegKey HKLM "Software\Policies\Offhook"
    Delete "$APPDATA\Offhook\policy.json"
    RMDir "$APPDATA\Offhook"
  ${EndIf}
SectionEnd
