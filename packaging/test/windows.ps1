# Tests the packages for Windows on Windows, as an administrator: the installer for one user and for all and the MSI run
# silently, the phone starts against its own platform, calls `echo` and ends, and each leaves nothing when it is removed.
#   windows.ps1 DIST
param([Parameter(Mandatory)][string]$Dist)
$ErrorActionPreference = 'Stop'
$setup = (Get-ChildItem "$Dist\offhook-*-windows-setup.exe").FullName
$msi = (Get-ChildItem "$Dist\offhook-*-windows.msi").FullName

# A program with a window is not waited for, nor its exit code known, unless it is asked for.
function Run([string]$File, [string[]]$Arguments, [int]$Expected = 0) {
    $process = Start-Process -FilePath $File -ArgumentList $Arguments -Wait -PassThru
    if ($process.ExitCode -ne $Expected) { throw "$File $Arguments ended with $($process.ExitCode), not $Expected" }
}

# Its output is read, so that PowerShell waits for the phone's answer.
function Ctl([string]$Exe, [string[]]$Arguments) {
    $answer = & $Exe ctl --profile demo @Arguments | Out-String
    if ($LASTEXITCODE -ne 0) { throw "ctl $Arguments ended with ${LASTEXITCODE}: $answer" }
    $answer
}

function Call([string]$Exe) {
    Write-Output ((& $Exe --version | Out-String).Trim())
    $phone = Start-Process -FilePath $Exe -PassThru -ArgumentList '--demo', '--headless', '--audio-in', 'sine:440', '--audio-out', 'null', '--ring-out', 'null'
    foreach ($try in 1..60) {
        & $Exe ctl --profile demo status 2>&1 | Out-String | Out-Null
        if ($LASTEXITCODE -eq 0) { break }
        if ($phone.HasExited) { throw "the phone ended with $($phone.ExitCode)" }
        Start-Sleep 1
    }
    Ctl $Exe 'status', '--wait', 'READY', '--timeout', '60s' | Out-Null
    Ctl $Exe 'dial', 'echo', '--wait', 'ESTABLISHED', '--timeout', '30s' | Out-Null
    Ctl $Exe 'hangup' | Out-Null
    Ctl $Exe 'quit' | Out-Null
    if (-not $phone.WaitForExit(30000)) { throw 'the phone was told to quit and did not' }
}

function Registered([string]$Root) {
    foreach ($scheme in 'tel', 'sip', 'sips') {
        $command = (Get-ItemProperty "${Root}:\Software\Classes\offhook.$scheme\shell\open\command").'(default)'
        if ($command -notlike '*offhook.exe" "%1"') { throw "${scheme}: links go to $command" }
    }
}

# The uninstaller goes on from a copy of itself, because it removes itself.
function Gone([string]$Root, [string]$Folder) {
    foreach ($try in 1..60) {
        if (-not (Test-Path $Folder)) { break }
        Start-Sleep 1
    }
    foreach ($path in $Folder, "${Root}:\Software\Classes\offhook.tel", "${Root}:\Software\Classes\offhook.sip", "${Root}:\Software\Classes\offhook.sips",
        "${Root}:\Software\Offhook", "${Root}:\Software\Microsoft\Windows\CurrentVersion\Uninstall\Offhook", 'HKLM:\Software\Policies\Offhook') {
        if (Test-Path $path) { throw "$path is left behind" }
    }
}

$user = "$env:LOCALAPPDATA\Programs\Offhook"
Run $setup '/S'
Registered 'HKCU'
Call "$user\offhook.exe"
Run $setup '/S', '/NOAUTOSTART'
Run "$user\uninstall.exe" '/S'
Gone 'HKCU' $user
Run $setup '/S', '/POLICYURL=https://phone.example.com/policy.json' 2
Write-Output 'installer for one user: installed, called, upgraded, removed'

$everybody = "$env:ProgramFiles\Offhook"
Run $setup '/S', '/ALLUSERS', '/POLICYURL=https://phone.example.com/policy.json'
Registered 'HKLM'
Run "$everybody\uninstall.exe" '/S', '/ALLUSERS'
Gone 'HKLM' $everybody
Write-Output 'installer for all users: installed with a policy, removed'

Run 'msiexec.exe' '/i', "`"$msi`"", '/qn', 'SERVER=https://phone.example.com', 'ACCOUNT=acme'
Registered 'HKLM'
$policy = (Get-ItemProperty 'HKLM:\Software\Policies\Offhook').Policy | ConvertFrom-Json
if ($policy.server -ne 'https://phone.example.com' -or $policy.account -ne 'acme') { throw "the policy is $policy" }
Run 'msiexec.exe' '/x', "`"$msi`"", '/qn'
Gone 'HKLM' $everybody
Write-Output 'MSI: installed with a server, removed'
