void offhook_watch_screen(void);
